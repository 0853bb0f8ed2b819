// Package webpage is what a browser makes of a page: forms to submit, links to
// follow and text to read.
package webpage

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

// A Page is what a browser sees at the end of redirects.
type Page struct {
	Entra  bool // a page of the authority; others are not looked at
	URL    *url.URL
	Status int
	Answer url.Values // of a redirect URI: query, or fragment
	Forms  []*Form
	Frames []string          // addresses of frames
	Next   string            // where the link leads that goes on; "": there is none
	Texts  map[string]string // of elements with an id
}

// A Form is one of a page, filled in as it came.
type Form struct {
	ID, Action string
	Fields     url.Values
}

// Read reads the answer of a server. If it is not a page of Entra's, what is in
// it does not matter.
func Read(resp *http.Response, entra bool) (*Page, error) {
	p := &Page{Entra: entra, URL: resp.Request.URL, Status: resp.StatusCode, Answer: resp.Request.URL.Query(), Texts: map[string]string{}}
	if fragment, err := url.ParseQuery(p.URL.Fragment); err == nil && len(fragment) > 0 {
		p.Answer = fragment
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPageBytes))
	if err != nil || !entra {
		return p, nil // the answer is delivered, whatever the client shows
	}
	if err := p.parse(body); err != nil {
		return nil, fmt.Errorf("entratest: the browser cannot read a page with status %d", p.Status)
	}
	return p, nil
}

// parse reads the pages of package pages: HTML that happens to be nearly XML.
func (p *Page) parse(body []byte) error {
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
					p.Texts[id] += string(t)
				}
			}
		}
	}
}

func (p *Page) element(t xml.StartElement) {
	switch t.Name.Local {
	case "form":
		p.Forms = append(p.Forms, &Form{ID: attribute(t, "id"), Action: attribute(t, "action"), Fields: url.Values{}})
	case "iframe":
		p.Frames = append(p.Frames, attribute(t, "src"))
	case "a":
		if attribute(t, "id") == "continue" {
			p.Next = attribute(t, "href")
		}
	case "input":
		if name := attribute(t, "name"); name != "" && len(p.Forms) > 0 {
			// Submission makes line ends CRLF (HTML, "constructing the entry list").
			value := strings.ReplaceAll(attribute(t, "value"), "\n", "\r\n")
			p.Forms[len(p.Forms)-1].Fields.Add(name, value)
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

// Form returns the first form that has one of the ids; without ids, any.
func (p *Page) Form(ids ...string) *Form {
	for _, f := range p.Forms {
		if len(ids) == 0 || slices.Contains(ids, f.ID) {
			return f
		}
	}
	return nil
}

// Problem is what the page says went wrong.
func (p *Page) Problem() string {
	if text := strings.TrimSpace(p.Texts["error"]); text != "" {
		return FirstLine(text)
	}
	return fmt.Sprintf("a page with status %d and nothing to sign in with", p.Status)
}

// Request submits the form; base resolves its action.
func (f *Form) Request(ctx context.Context, base *url.URL) (*http.Request, error) {
	action, err := url.Parse(f.Action)
	if err != nil {
		return nil, errors.New("entratest: a form's action cannot be parsed")
	}
	if base != nil {
		action = base.ResolveReference(action)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(f.Fields.Encode()))
	if err != nil {
		return nil, errors.New("entratest: a form's action cannot be used")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req, nil
}

// FirstLine is what a text says in short.
func FirstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSuffix(line, "\r")
}
