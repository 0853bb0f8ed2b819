package entratest

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
)

// A ChallengeForm is the way in which an API puts a refusal into words: the
// WWW-Authenticate header, the claims in it, and the body. "" is GraphForm.
type ChallengeForm string

// The forms that services were seen to send. What is not known of one is as in
// GenericForm: the claims challenge of ExchangeForm, DataverseForm and
// DevOpsForm in particular, of which only the claims or the other parameters
// have been seen.
const (
	GraphForm       ChallengeForm = "graph"         // Graph since 2021
	Graph2022Form   ChallengeForm = "graph-2022"    // authorization_uri without quotes, errorDescription
	Graph2025Form   ChallengeForm = "graph-2025"    // error_description, and a PoP challenge after Bearer's
	PoPBearerForm   ChallengeForm = "pop-bearer"    // a PoP challenge before Bearer's, in one header
	TwoHeadersForm  ChallengeForm = "two-headers"   // PoP and Bearer in a header each
	GenericForm     ChallengeForm = "generic"       // as the claims challenge's documentation has it
	AuthContextForm ChallengeForm = "auth-context"  // with cc_type, as the authentication context's has it
	ARMForm         ChallengeForm = "arm"           // Azure Resource Manager
	ARM2020Form     ChallengeForm = "arm-2020"      // error="invalid_token", base64 without padding: most clients pass it by
	SharePointForm  ChallengeForm = "sharepoint"    // no blank after commas, commas in quotes
	ExchangeForm    ChallengeForm = "exchange"      // with x-ms-diagnostics
	KeyVaultForm    ChallengeForm = "keyvault"      // xms_caeerror in the claims
	StorageForm     ChallengeForm = "storage"       // no commas where no claims are asked; XML
	DataverseForm   ChallengeForm = "dataverse"     // an address in the claims, an empty body
	DevOpsForm      ChallengeForm = "devops"        // nothing but an address in the claims, Basic after Bearer
	UnpaddedForm    ChallengeForm = "unpadded"      // base64 without padding
	URLAlphabetForm ChallengeForm = "base64url"     // base64 of the URL alphabet, with a member that it is needed for
	LowerCaseForm   ChallengeForm = "lower-case"    // bearer
	SpacedForm      ChallengeForm = "spaced"        // blanks around "=" and "Claims" in capitals
	UnquotedForm    ChallengeForm = "unquoted"      // no value in quotes
	ForbiddenForm   ChallengeForm = "forbidden-403" // GraphForm with status 403: no client may act on it
)

// ChallengeForms returns all well-formed forms, sorted.
func ChallengeForms() []ChallengeForm { return slices.Sorted(maps.Keys(forms)) }

// A refusal is what an API has to say to a client whose token it does not
// take.
type refusal struct {
	login   string // origin of the authority
	tenant  string // its id
	claims  string // "": there is no claims challenge
	code    string // why there is one, in Graph's words; "" for a step-up
	message string
}

// standard is the claims in the base64 that the documentation demands.
func (r refusal) standard() string { return base64.StdEncoding.EncodeToString([]byte(r.claims)) }

func (r refusal) authorize() string { return r.login + "/common/oauth2/authorize" }

// insufficient is how most forms end: with the claims challenge, if there is
// one.
func (r refusal) insufficient(begin string) string {
	if r.claims == "" {
		return begin
	}
	return fmt.Sprintf(`%s, error="insufficient_claims", claims="%s"`, begin, r.standard())
}

// A form makes an answer of a refusal.
type form struct {
	status int                                // 0: 401
	header func(refusal) []string             // WWW-Authenticate
	claims func(d decision, now int64) string // nil: Graph's
	body   func(*exchange, int, refusal)      // nil: Graph's
	more   func(refusal) (name, value string) // another header
}

// one makes a header function of one value.
func one(value func(refusal) string) func(refusal) []string {
	return func(r refusal) []string { return []string{value(r)} }
}

const (
	sharePointAppID = "00000003-0000-0ff1-ce00-000000000000"
	exchangeAppID   = "00000002-0000-0ff1-ce00-000000000000"
	anyIssuer       = "00000001-0000-0000-c000-000000000000@*"
)

var forms = map[ChallengeForm]form{
	GraphForm:       {header: one(graphHeader)},
	ForbiddenForm:   {header: one(graphHeader), status: 403},
	Graph2022Form:   {header: one(graph2022Header)},
	Graph2025Form:   {header: one(func(r refusal) string { return graph2025Header(r) + ", " + popHeader(r) })},
	PoPBearerForm:   {header: one(func(r refusal) string { return popHeader(r) + ", " + graph2025Header(r) })},
	TwoHeadersForm:  {header: func(r refusal) []string { return []string{popHeader(r), graphHeader(r)} }},
	GenericForm:     {header: one(genericHeader)},
	AuthContextForm: {header: one(authContextHeader)},
	ARMForm:         {header: one(armHeader), claims: armClaims, body: armBody},
	ARM2020Form:     {header: one(arm2020Header), body: armBody},
	SharePointForm:  {header: one(sharePointHeader), claims: plainClaims},
	ExchangeForm:    {header: one(exchangeHeader), body: emptyBody, more: exchangeDiagnostics},
	KeyVaultForm:    {header: one(keyVaultHeader), claims: caeErrorClaims, body: armBody},
	StorageForm:     {header: one(storageHeader), claims: caeErrorClaims, body: storageBody},
	DataverseForm:   {header: one(dataverseHeader), claims: addressClaims, body: emptyBody},
	DevOpsForm:      {header: one(devOpsHeader), claims: onlyAddressClaims, body: emptyBody},
	UnpaddedForm:    {header: one(encoded(base64.RawStdEncoding)), claims: unpaddedClaims},
	URLAlphabetForm: {header: one(encoded(base64.URLEncoding)), claims: urlAlphabetClaims},
	LowerCaseForm:   {header: one(lowerCaseHeader)},
	SpacedForm:      {header: one(spacedHeader)},
	UnquotedForm:    {header: one(unquotedHeader)},
}

// formOf returns a form, well-formed or not.
func formOf(f ChallengeForm) (form, bool) {
	if f == "" {
		f = GraphForm
	}
	if known, ok := forms[f]; ok {
		return known, true
	}
	header, ok := malformed[f]
	return form{header: one(header)}, ok
}

// mustKnow panics for a form that there is not: a test of nothing proves
// nothing.
func (f ChallengeForm) mustKnow() {
	if _, ok := formOf(f); !ok {
		panic(fmt.Sprintf("entratest: there is no challenge form %q", string(f)))
	}
}

// UnmarshalText takes the name of a form, well-formed or not; others are an
// error.
func (f *ChallengeForm) UnmarshalText(name []byte) error {
	given := ChallengeForm(name)
	if _, ok := formOf(given); !ok {
		return fmt.Errorf("entratest: there is no challenge form %q", name)
	}
	*f = given
	return nil
}
