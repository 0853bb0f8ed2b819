package clienttest

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	"github.com/microsoft/kiota-abstractions-go/serialization"
	kiotaazure "github.com/microsoft/kiota-authentication-azure-go"
	kiotahttp "github.com/microsoft/kiota-http-go"
	msgraphcore "github.com/microsoftgraph/msgraph-sdk-go-core"
	"github.com/msalcae/msalcae/entratest"
	"github.com/stretchr/testify/require"
)

// graph is the request adapter of Microsoft's Graph SDK as the SDK itself
// builds it, but for a transport that knows the server.
func graph(t *testing.T, s *entratest.Server) *msgraphcore.GraphRequestAdapterBase {
	t.Helper()
	credential, err := azidentity.NewClientSecretCredential(s.Tenant(), s.ClientID(), s.ClientSecret(),
		&azidentity.ClientSecretCredentialOptions{ClientOptions: options(s), DisableInstanceDiscovery: true})
	require.NoError(t, err)
	provider, err := kiotaazure.NewAzureIdentityAuthenticationProviderWithScopesAndValidHosts(credential,
		[]string{"https://graph.microsoft.com/.default"}, []string{"graph.microsoft.com"})
	require.NoError(t, err)

	middleware := msgraphcore.GetDefaultMiddlewaresWithOptions(&msgraphcore.GraphClientOptions{GraphServiceVersion: "v1.0"})
	client := &http.Client{Transport: kiotahttp.NewCustomTransportWithParentTransport(s.Client().Transport.(*http.Transport), middleware...)}
	adapter, err := msgraphcore.NewGraphRequestAdapterBaseWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(provider,
		msgraphcore.GraphClientOptions{GraphServiceVersion: "v1.0"}, serialization.DefaultParseNodeFactoryInstance,
		serialization.DefaultSerializationWriterFactoryInstance, client)
	require.NoError(t, err)
	adapter.SetBaseUrl("https://graph.microsoft.com/v1.0")
	return adapter
}

// users fetches the tenant's users with a request object of kiota.
func users(t *testing.T, adapter abstractions.RequestAdapter) {
	t.Helper()
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.GET, "{+baseurl}/users", map[string]string{"baseurl": adapter.GetBaseUrl()})
	body, err := adapter.SendPrimitive(t.Context(), info, "[]byte", nil)
	require.NoError(t, err)
	var page struct {
		Value []struct {
			UserPrincipalName string `json:"userPrincipalName"`
		} `json:"value"`
	}
	require.NoError(t, json.Unmarshal(body.([]byte), &page))
	require.NotEmpty(t, page.Value)
	require.NotEmpty(t, page.Value[0].UserPrincipalName)
}

func TestGraphSDK(t *testing.T) {
	for _, form := range []entratest.ChallengeForm{entratest.GraphForm, entratest.Graph2022Form, entratest.Graph2025Form} {
		t.Run(string(form), func(t *testing.T) {
			s := entratest.NewServer()
			defer s.Close()
			s.SetChallengeForm(form)
			adapter := graph(t, s)
			users(t, adapter)

			s.Revoke(s.ClientID())
			before, seen := s.Stats(), len(s.Log())
			users(t, adapter)
			during := s.Stats().Sub(before)
			require.Equal(t, 1, during.Challenges)
			require.Equal(t, 2, during.APICalls)
			require.Equal(t, 1, during.TokenRequests)
			require.JSONEq(t, answered(t, s.Log()[seen:]), tokenRequests(s.Log()[seen:])[0].Claims)
		})
	}
}

// Microsoft's page iterator follows the links, a challenge between two pages
// included.
func TestGraphSDKPages(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	for range 5 {
		s.AddUser(entratest.User{Username: rand.Text() + "@contoso.test"})
	}
	adapter := graph(t, s)
	first, err := fetchPage(t, adapter, "{+baseurl}/users?%24top=2")
	require.NoError(t, err)
	iterator, err := msgraphcore.NewPageIterator[*user](first, adapter, newUserPage)
	require.NoError(t, err)
	names := map[string]bool{}
	require.NoError(t, iterator.Iterate(t.Context(), func(u *user) bool {
		if len(names) == 3 {
			s.Revoke(s.ClientID()) // challenged between two pages
		}
		names[u.name] = true
		return true
	}))
	require.Len(t, names, len(s.Users()))
	require.Equal(t, 1, s.Stats().Challenges)
}

func TestGraphSDKBatch(t *testing.T) {
	s := entratest.NewServer()
	defer s.Close()
	adapter := graph(t, s)
	batch := msgraphcore.NewBatchRequest(adapter)
	info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(
		abstractions.GET, "{+baseurl}/users", map[string]string{"baseurl": adapter.GetBaseUrl()})
	item, err := batch.AddBatchRequestStep(*info)
	require.NoError(t, err)
	users(t, adapter)
	s.Revoke(s.ClientID())
	answer, err := batch.Send(t.Context(), adapter)
	require.NoError(t, err)
	require.EqualValues(t, http.StatusOK, *answer.GetResponseById(*item.GetId()).GetStatus())
	require.Equal(t, 1, s.Stats().Challenges)
}
