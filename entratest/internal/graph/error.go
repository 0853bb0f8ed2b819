package graph

import "github.com/msalcae/msalcae/entratest/internal/reply"

// Headers sets those that are on every answer of the Graph-like API.
func (x *Exchange) Headers() {
	x.requestIDs()
	h := x.Header()
	reply.Date(h, x.Now())
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"entratest","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"TEST0001"}}`)
}

// requestIDs are what a Graph error has in its body, too.
func (x *Exchange) requestIDs() {
	h := x.Header()
	h.Set("request-id", x.RequestID)
	h.Set("client-request-id", x.ClientRequestID)
}

// Error answers with Graph's error object.
func (x *Exchange) Error(status int, code, message string) {
	x.Record.Error = code
	x.requestIDs()
	x.json(status, map[string]any{"error": map[string]any{
		"code":    code,
		"message": message,
		"innerError": map[string]any{
			"date":              x.Now().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        x.RequestID,
			"client-request-id": x.ClientRequestID,
		},
	}})
}
