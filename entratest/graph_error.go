package entratest

import "github.com/msalcae/msalcae/entratest/internal/reply"

// graphHeaders are on every answer of the Graph-like API.
func (x *exchange) graphHeaders() {
	x.requestIDs()
	h := x.Header()
	reply.Date(h, x.s.apiNow())
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"entratest","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"TEST0001"}}`)
}

// requestIDs are what a Graph error has in its body, too.
func (x *exchange) requestIDs() {
	h := x.Header()
	h.Set("request-id", x.traceID)
	h.Set("client-request-id", x.rec.CorrelationID)
}

// graphError answers with Graph's error object.
func (x *exchange) graphError(status int, code, message string) {
	x.rec.Error = code
	x.requestIDs()
	x.json(status, map[string]any{"error": map[string]any{
		"code":    code,
		"message": message,
		"innerError": map[string]any{
			"date":              x.s.apiNow().UTC().Format("2006-01-02T15:04:05"),
			"request-id":        x.traceID,
			"client-request-id": x.rec.CorrelationID,
		},
	}})
}
