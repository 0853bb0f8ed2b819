package entratest

// graphHeaders are on every answer of the API.
func (x *exchange) graphHeaders() {
	h := x.Header()
	date(h, x.s.apiNow())
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("request-id", x.traceID)
	h.Set("client-request-id", x.rec.CorrelationID)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"entratest","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"TEST0001"}}`)
}

// graphError answers with Graph's error object.
func (x *exchange) graphError(status int, code, message string) {
	x.rec.Error = code
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
