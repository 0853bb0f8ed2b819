package entratest

import (
	"fmt"

	"github.com/msalcae/msalcae/entratest/internal/challenge"
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
func ChallengeForms() []ChallengeForm { return named(challenge.WellFormed()) }

// The malformed forms: challenges with error insufficient_claims whose claims
// nobody can use. A client must neither act on them nor come to harm.
const (
	TruncatedForm       ChallengeForm = "malformed-truncated"        // the header ends within the claims
	UnclosedForm        ChallengeForm = "malformed-unclosed"         // the closing quote is missing
	BackslashForm       ChallengeForm = "malformed-backslash"        // a lone backslash in the place of the closing quote
	OverpaddedForm      ChallengeForm = "malformed-overpadded"       // one "=" too many
	PaddedWithinForm    ChallengeForm = "malformed-padded-within"    // "=" in the middle
	OddLengthForm       ChallengeForm = "malformed-odd-length"       // base64 of a length that there is not
	PercentPaddingForm  ChallengeForm = "malformed-percent-padding"  // "%3D" for "="
	PercentEncodedForm  ChallengeForm = "malformed-percent-encoded"  // percent-encoded JSON, no base64
	TwiceEncodedForm    ChallengeForm = "malformed-twice-encoded"    // base64 of base64
	RawJSONForm         ChallengeForm = "malformed-raw-json"         // JSON whose quotes end the value
	ArrayForm           ChallengeForm = "malformed-array"            // a JSON array
	NotJSONForm         ChallengeForm = "malformed-not-json"         // base64 of something else
	TrailingGarbageForm ChallengeForm = "malformed-trailing-garbage" // an object and more
	SingleQuotesForm    ChallengeForm = "malformed-single-quotes"    // 'JSON' of JavaScript
	ByteOrderMarkForm   ChallengeForm = "malformed-byte-order-mark"  // a BOM before the object
	UTF16Form           ChallengeForm = "malformed-utf16"            // UTF-16 text
	NotUTF8Form         ChallengeForm = "malformed-not-utf8"         // an encoded surrogate half
	DeepForm            ChallengeForm = "malformed-deep"             // nested a thousand deep
	LargeForm           ChallengeForm = "malformed-large"            // 16 KiB of claims
)

// MalformedForms returns all malformed forms, sorted.
func MalformedForms() []ChallengeForm { return named(challenge.Malformed()) }

func named(names []string) []ChallengeForm {
	all := make([]ChallengeForm, len(names))
	for i, name := range names {
		all[i] = ChallengeForm(name)
	}
	return all
}

// mustKnow panics for a form that there is not: a test of nothing proves
// nothing.
func (f ChallengeForm) mustKnow() {
	if _, ok := challenge.Of(string(f)); !ok {
		panic(fmt.Sprintf("entratest: there is no challenge form %q", string(f)))
	}
}

// UnmarshalText takes the name of a form, well-formed or not; others are an
// error.
func (f *ChallengeForm) UnmarshalText(name []byte) error {
	given := ChallengeForm(name)
	if _, ok := challenge.Of(string(given)); !ok {
		return fmt.Errorf("entratest: there is no challenge form %q", name)
	}
	*f = given
	return nil
}
