package entratest

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxPageBytes bounds what a browser reads of a page.
const maxPageBytes = 4 << 20

// A webPage is what a browser sees at the end of redirects.
type webPage struct {
	entra  bool // a page of the authority; others are not looked at
	url    *url.URL
	status int
	answer url.Values // of a redirect URI: query, or fragment
	forms  []*webForm
	frames []string          // addresses of frames
	next   string            // where the link leads that goes on; "": there is none
	texts  map[string]string // of elements with an id
}

type webForm struct {
	id, action string
	fields     url.Values
}

func readPage(resp *http.Response, entra bool) (*webPage, error) {
	p := &webPage{entra: entra, url: resp.Request.URL, status: resp.StatusCode, answer: resp.Request.URL.Query(), texts: map[string]string{}}
	if fragment, err := url.ParseQuery(p.url.Fragment); err == nil && len(fragment) > 0 {
		p.answer = fragment
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPageBytes))
	if err != nil || !entra {
		return p, nil // the answer is delivered, whatever the client shows
	}
	if err := p.parse(body); err != nil {
		return nil, fmt.Errorf("entratest: the browser cannot read a page with status %d", p.status)
	}
	return p, nil
}

// parse reads the pages of this package: HTML that happens to be nearly XML.
func (p *webPage) parse(body []byte) error {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var inside []string // ids of the elements around
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			inside = append(inside, attribute(t, "id"))
			p.element(t)
		case xml.EndElement:
			inside = inside[:max(0, len(inside)-1)]
		case xml.CharData:
			for _, id := range inside {
				if id != "" {
					p.texts[id] += string(t)
				}
			}
		}
	}
}

func (p *webPage) element(t xml.StartElement) {
	switch t.Name.Local {
	case "form":
		p.forms = append(p.forms, &webForm{id: attribute(t, "id"), action: attribute(t, "action"), fields: url.Values{}})
	case "iframe":
		p.frames = append(p.frames, attribute(t, "src"))
	case "a":
		if attribute(t, "id") == "continue" {
			p.next = attribute(t, "href")
		}
	case "input":
		if name := attribute(t, "name"); name != "" && len(p.forms) > 0 {
			// Submission makes line ends CRLF (HTML, "constructing the entry list").
			value := strings.ReplaceAll(attribute(t, "value"), "\n", "\r\n")
			p.forms[len(p.forms)-1].fields.Add(name, value)
		}
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// form returns the first form that has one of the ids; without ids, any.
func (p *webPage) form(ids ...string) *webForm {
	for _, f := range p.forms {
		if len(ids) == 0 || slices.Contains(ids, f.id) {
			return f
		}
	}
	return nil
}

// problem is what the page says went wrong.
func (p *webPage) problem() string {
	if text := strings.TrimSpace(p.texts["error"]); text != "" {
		return firstLine(text)
	}
	return fmt.Sprintf("a page with status %d and nothing to sign in with", p.status)
}

// request submits the form; base resolves its action.
func (f *webForm) request(ctx context.Context, base *url.URL) (*http.Request, error) {
	action, err := url.Parse(f.action)
	if err != nil {
		return nil, errors.New("entratest: a form's action cannot be parsed")
	}
	if base != nil {
		action = base.ResolveReference(action)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(f.fields.Encode()))
	if err != nil {
		return nil, errors.New("entratest: a form's action cannot be used")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req, nil
}
