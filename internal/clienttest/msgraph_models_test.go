package clienttest

import (
	"testing"

	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
)

// A user and a userPage are what a generated SDK has for its types.
type user struct{ name string }

func (u *user) Serialize(serialization.SerializationWriter) error { return nil }

func (u *user) GetFieldDeserializers() map[string]func(serialization.ParseNode) error {
	return map[string]func(serialization.ParseNode) error{
		"userPrincipalName": func(n serialization.ParseNode) error {
			name, err := n.GetStringValue()
			if name != nil {
				u.name = *name
			}
			return err
		},
	}
}

type userPage struct {
	value []*user
	next  *string
}

func newUserPage(serialization.ParseNode) (serialization.Parsable, error) { return new(userPage), nil }

func (p *userPage) GetValue() []*user         { return p.value }
func (p *userPage) GetOdataNextLink() *string { return p.next }

func (p *userPage) Serialize(serialization.SerializationWriter) error { return nil }

func (p *userPage) GetFieldDeserializers() map[string]func(serialization.ParseNode) error {
	newUser := func(serialization.ParseNode) (serialization.Parsable, error) { return new(user), nil }
	return map[string]func(serialization.ParseNode) error{
		"value": func(n serialization.ParseNode) error {
			all, err := n.GetCollectionOfObjectValues(newUser)
			for _, u := range all {
				p.value = append(p.value, u.(*user))
			}
			return err
		},
		"@odata.nextLink": func(n serialization.ParseNode) (err error) {
			p.next, err = n.GetStringValue()
			return err
		},
	}
}

// fetchPage fetches a page of users.
func fetchPage(t *testing.T, adapter abstractions.RequestAdapter, template string) (serialization.Parsable, error) {
	t.Helper()
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.GET, template, map[string]string{"baseurl": adapter.GetBaseUrl()})
	return adapter.Send(t.Context(), info, newUserPage, nil)
}
