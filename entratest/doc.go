// Package entratest is a local Microsoft Entra ID with an API that takes part
// in Continuous Access Evaluation, in the spirit of net/http/httptest. It is
// for tests, and for nothing else: its keys, passwords and secrets are known,
// and it listens on loopback only.
package entratest
