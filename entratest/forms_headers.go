package entratest

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// graphHeader is Graph's: one line, in this order.
func graphHeader(r refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer realm="", authorization_uri="%s", client_id="%s"`, r.authorize(), graphAppID))
}

func graph2022Header(r refusal) string {
	begin := fmt.Sprintf(`Bearer realm="", authorization_uri=%s, client_id="%s"`, r.authorize(), graphAppID)
	if r.claims != "" {
		begin += fmt.Sprintf(`, errorDescription="%s"`, r.message)
	}
	return r.insufficient(begin)
}

func graph2025Header(r refusal) string {
	begin := fmt.Sprintf(`Bearer realm="", authorization_uri="%s", client_id="%s"`, r.authorize(), graphAppID)
	if r.claims != "" {
		begin += fmt.Sprintf(`, error_description="%s"`, r.message)
	}
	return r.insufficient(begin)
}

// popHeader asks for proof of possession, in vain.
func popHeader(r refusal) string {
	return fmt.Sprintf(`PoP realm="", authorization_uri="%s", client_id="%s", nonce="ZW50cmF0ZXN0"`, r.authorize(), graphAppID)
}

func genericHeader(r refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer realm="", authorization_uri="%s"`, r.authorize()))
}

func authContextHeader(r refusal) string {
	if r.claims == "" {
		return graphHeader(r)
	}
	return graphHeader(r) + `, cc_type="authcontext"`
}

func armHeader(r refusal) string {
	if r.claims == "" {
		return fmt.Sprintf(`Bearer authorization_uri="%s/", error="invalid_token", error_description="%s"`, r.login, r.message)
	}
	return genericHeader(r)
}

func arm2020Header(r refusal) string {
	if r.claims == "" {
		return armHeader(r)
	}
	description, encoding := "User session has been revoked", base64.StdEncoding
	if r.code == codeLocation {
		description, encoding = "Tenant IP Policy validate failed.", base64.RawStdEncoding
	}
	return fmt.Sprintf(`Bearer authorization_uri="%s/", error="invalid_token", error_description="%s", claims="%s"`,
		r.login, description, encoding.EncodeToString([]byte(r.claims)))
}

func sharePointHeader(r refusal) string {
	header := r.insufficient(fmt.Sprintf(`Bearer realm="%s", client_id="%s", trusted_issuers="%s,%s@*", authorization_uri="%s"`,
		r.tenant, sharePointAppID, anyIssuer, r.tenant, r.authorize()))
	return strings.ReplaceAll(header, `", `, `",`)
}

func exchangeHeader(r refusal) string {
	begin := fmt.Sprintf(`Bearer client_id="%s", trusted_issuers="%s", token_types="app_asserted_user_v1 service_asserted_app_v1", authorization_uri="%s"`,
		exchangeAppID, anyIssuer, r.authorize())
	if r.claims == "" {
		return begin + `, error="invalid_token"`
	}
	return r.insufficient(begin)
}

func exchangeDiagnostics(r refusal) (name, value string) {
	return "x-ms-diagnostics", fmt.Sprintf(`2000004;reason="%s";error_category="invalid_token"`, r.message)
}

func keyVaultHeader(r refusal) string {
	if r.claims == "" {
		return fmt.Sprintf(`Bearer authorization="%s/%s", resource="https://vault.azure.net"`, r.login, r.tenant)
	}
	return genericHeader(r)
}

func storageHeader(r refusal) string {
	if r.claims == "" {
		return fmt.Sprintf(`Bearer authorization_uri=%s/%s/oauth2/authorize resource_id=https://storage.azure.com`, r.login, r.tenant)
	}
	return genericHeader(r)
}

func dataverseHeader(r refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer authorization_uri=%s/%s/oauth2/authorize, resource_id=https://%s.crm.dynamics.com/`,
		r.login, r.tenant, strings.TrimSuffix(tenantDomain, ".test")))
}

func devOpsHeader(r refusal) string {
	return r.insufficient(fmt.Sprintf(`Bearer authorization_uri=%s/%s`, r.login, r.tenant)) +
		`, Basic realm="https://tfs.` + tenantDomain + `/", TFS-Federated`
}

// encoded is GenericForm in another base64.
func encoded(encoding *base64.Encoding) func(refusal) string {
	return func(r refusal) string {
		return strings.Replace(genericHeader(r), r.standard(), encoding.EncodeToString([]byte(r.claims)), 1)
	}
}

func lowerCaseHeader(r refusal) string {
	return strings.Replace(genericHeader(r), "Bearer", "bearer", 1)
}

func spacedHeader(r refusal) string {
	header := fmt.Sprintf("Bearer realm = \"\" ,\tauthorization_uri = \"%s\"", r.authorize())
	if r.claims == "" {
		return header
	}
	return fmt.Sprintf("%s ,\terror = \"insufficient_claims\" ,\tClaims = \"%s\"", header, r.standard())
}

func unquotedHeader(r refusal) string {
	return strings.ReplaceAll(strings.Replace(genericHeader(r), `realm="", `, "", 1), `"`, "")
}
