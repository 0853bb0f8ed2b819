package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"unicode/utf8"
)

// print writes an answer's body: JSON so that a person can read it, and onto a
// screen nothing that is no text.
func print(out io.Writer, resp *http.Response) error {
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	body := bufio.NewReader(resp.Body)
	if start, _ := body.Peek(1024); isScreen(out) && !isText(start) {
		return fmt.Errorf("the answer is no text (%q), which is not for a screen; send it to a file with >", kind)
	}
	if kind != "application/json" {
		_, err := io.Copy(out, body)
		return err
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if json.Indent(&text, content, "", "  ") != nil {
		text.Reset()
		text.Write(content)
	}
	text.WriteByte('\n')
	_, err = text.WriteTo(out)
	return err
}

// isScreen reports whether somebody looks at out.
func isScreen(out io.Writer) bool {
	f, ok := out.(*os.File)
	if !ok {
		return false
	}
	at, err := f.Stat()
	if err != nil || at.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	nowhere, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(at, nowhere)
}

// isText reports whether the beginning of a body is text that steers no screen.
func isText(start []byte) bool {
	for len(start) > 0 {
		r, n := utf8.DecodeRune(start)
		switch {
		case r == utf8.RuneError && n == 1:
			return !utf8.FullRune(start) // it goes on behind the beginning
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r >= 0x7f && r < 0xa0:
			return false
		}
		start = start[n:]
	}
	return true
}
