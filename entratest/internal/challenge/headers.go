package challenge

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// graphHeader is Graph's: one line, in this order.
func graphHeader(r Refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer realm="", authorization_uri="%s", client_id="%s"`, r.authorize(), GraphAppID))
}

func graph2022Header(r Refusal) string {
	begin := fmt.Sprintf(`Bearer realm="", authorization_uri=%s, client_id="%s"`, r.authorize(), GraphAppID)
	if r.Claims != "" {
		begin += fmt.Sprintf(`, errorDescription="%s"`, r.Message)
	}
	return r.insufficient(begin)
}

func graph2025Header(r Refusal) string {
	begin := fmt.Sprintf(`Bearer realm="", authorization_uri="%s", client_id="%s"`, r.authorize(), GraphAppID)
	if r.Claims != "" {
		begin += fmt.Sprintf(`, error_description="%s"`, r.Message)
	}
	return r.insufficient(begin)
}

// popHeader asks for proof of possession, in vain.
func popHeader(r Refusal) string {
	return fmt.Sprintf(`PoP realm="", authorization_uri="%s", client_id="%s", nonce="ZW50cmF0ZXN0"`, r.authorize(), GraphAppID)
}

func genericHeader(r Refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer realm="", authorization_uri="%s"`, r.authorize()))
}

func authContextHeader(r Refusal) string {
	if r.Claims == "" {
		return graphHeader(r)
	}
	return graphHeader(r) + `, cc_type="authcontext"`
}

func armHeader(r Refusal) string {
	if r.Claims == "" {
		return fmt.Sprintf(`Bearer authorization_uri="%s/", error="invalid_token", error_description="%s"`, r.Login, r.Message)
	}
	return genericHeader(r)
}

func arm2020Header(r Refusal) string {
	if r.Claims == "" {
		return armHeader(r)
	}
	description, encoding := "User session has been revoked", base64.StdEncoding
	if r.Code == Location {
		description, encoding = "Tenant IP Policy validate failed.", base64.RawStdEncoding
	}
	return fmt.Sprintf(`Bearer authorization_uri="%s/", error="invalid_token", error_description="%s", claims="%s"`,
		r.Login, description, encoding.EncodeToString([]byte(r.Claims)))
}

func sharePointHeader(r Refusal) string {
	header := r.insufficient(fmt.Sprintf(`Bearer realm="%s", client_id="%s", trusted_issuers="%s,%s@*", authorization_uri="%s"`,
		r.Tenant, sharePointAppID, anyIssuer, r.Tenant, r.authorize()))
	return strings.ReplaceAll(header, `", `, `",`)
}

func exchangeHeader(r Refusal) string {
	begin := fmt.Sprintf(`Bearer client_id="%s", trusted_issuers="%s", token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="%s"`,
		exchangeAppID, anyIssuer, r.authorize())
	if r.Claims == "" {
		return begin + `, error="invalid_token"`
	}
	return r.insufficient(begin)
}

func exchangeDiagnostics(r Refusal) (name, value string) {
	return "x-ms-diagnostics", fmt.Sprintf(`2000004;reason="%s";error_category="invalid_token"`, r.Message)
}

func keyVaultHeader(r Refusal) string {
	if r.Claims == "" {
		return fmt.Sprintf(`Bearer authorization="%s/%s", resource="https://vault.azure.net"`, r.Login, r.Tenant)
	}
	return genericHeader(r)
}

func storageHeader(r Refusal) string {
	if r.Claims == "" {
		return fmt.Sprintf(`Bearer authorization_uri=%s/%s/oauth2/authorize resource_id=https://storage.azure.com`, r.Login, r.Tenant)
	}
	return genericHeader(r)
}

func dataverseHeader(r Refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer authorization_uri=%s/%s/oauth2/authorize, resource_id=https://%s.crm.dynamics.com/`,
		r.Login, r.Tenant, strings.TrimSuffix(r.Domain, ".test")))
}

func devOpsHeader(r Refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer authorization_uri=%s/%s`, r.Login, r.Tenant)) +
		`, Basic realm="https://tfs.` + r.Domain + `/", TFS-Federated`
}

// encoded is GenericForm in another base64.
func encoded(encoding *base64.Encoding) func(Refusal) string {
	return func(r Refusal) string {
		return strings.Replace(genericHeader(r), r.standard(), encoding.EncodeToString([]byte(r.Claims)), 1)
	}
}

func lowerCaseHeader(r Refusal) string {
	return strings.Replace(genericHeader(r), "Bearer", "bearer", 1)
}

func spacedHeader(r Refusal) string {
	header := fmt.Sprintf("Bearer realm = \"\" ,\tauthorization_uri = \"%s\"", r.authorize())
	if r.Claims == "" {
		return header
	}
	return fmt.Sprintf("%s ,\terror = \"insufficient_claims\" ,\tClaims = \"%s\"", header, r.standard())
}

func unquotedHeader(r Refusal) string {
	return strings.ReplaceAll(strings.Replace(genericHeader(r), `realm="", `, "", 1), `"`, "")
}
