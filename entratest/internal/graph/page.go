package graph

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxPage is the largest $top that Graph takes.
const maxPage = 999

// list answers with one page of a collection, $top members of it or size, and
// the link to the next (https://learn.microsoft.com/graph/paging).
func list[M ~map[string]V, V any](x *Exchange, of string, all []M, size int) {
	query := x.Request.URL.Query()
	if top := query.Get("$top"); top != "" {
		n, err := strconv.Atoi(top)
		if err != nil || n < 1 || n > maxPage {
			x.Error(http.StatusBadRequest, "Request_UnsupportedQuery",
				fmt.Sprintf("Invalid page size specified: '%s'. Must be between 1 and %d inclusive.", bounded(top), maxPage))
			return
		}
		size = n
	}
	from, ok := skipped(query.Get("$skiptoken"))
	if !ok {
		x.Error(http.StatusBadRequest, "Directory_ExpiredPageToken", "The specified page token value has expired and can no longer be included in your request.")
		return
	}
	from = min(from, len(all))
	until := min(from+size, len(all))
	page := make([]map[string]V, until-from)
	for i, m := range all[from:until] {
		page[i] = selected(x, m)
	}
	answer := map[string]any{"@odata.context": x.odata(of), "value": page}
	if until < len(all) {
		query.Set("$skiptoken", skipToken(until))
		answer["@odata.nextLink"] = "https://" + x.Request.Host + x.Request.URL.EscapedPath() + "?" + query.Encode()
	}
	x.json(http.StatusOK, answer)
}

// entity answers with one thing.
func (x *Exchange) entity(of string, m map[string]any) {
	m = selected(x, m)
	m["@odata.context"] = x.odata(of)
	x.json(http.StatusOK, m)
}

// selected returns the members that $select names, without it all.
func selected[M ~map[string]V, V any](x *Exchange, m M) map[string]V {
	names := x.Request.URL.Query().Get("$select")
	if names == "" {
		return m
	}
	wanted := strings.Split(strings.ReplaceAll(names, " ", ""), ",")
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(name string, _ V) bool { return !slices.Contains(wanted, name) })
	return m
}

// A skip token is where a page begins. Clients must not look into it.
func skipToken(at int) string {
	return base64.RawURLEncoding.EncodeToString([]byte("at " + strconv.Itoa(at)))
}

func skipped(token string) (at int, ok bool) {
	if token == "" {
		return 0, true
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	text, known := strings.CutPrefix(string(b), "at ")
	at, numErr := strconv.Atoi(text)
	return at, err == nil && known && numErr == nil && at >= 0
}
