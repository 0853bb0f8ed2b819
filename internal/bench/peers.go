package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/httptransport"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/bradleyfalzon/ghinstallation/v2"
	abstractions "github.com/microsoft/kiota-abstractions-go"
	kiotaauth "github.com/microsoft/kiota-authentication-azure-go"
	kiotahttp "github.com/microsoft/kiota-http-go"
	"golang.org/x/oauth2"
)

// A caller sends one request as a program that uses its library does. The
// context is for the request; an error is whatever keeps it from a 200.
type caller func(context.Context) error

// A peer makes the caller of one library: requests go to base, token requests
// to s.
type peer struct {
	name string
	make func(base http.RoundTripper, s *sts) caller
}

// newRequest is the request that every caller sends: a GET with 6 headers.
func newRequest(ctx context.Context) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, apiURL, nil)
	must(err)
	setHeaders(req.Header)
	return req
}

func setHeaders(h http.Header) {
	for _, name := range []string{"Accept", "Accept-Language", "User-Agent", "Client-Request-Id", "Consistencylevel", "Prefer"} {
		h[name] = []string{"some value"}
	}
}

// over is a caller by way of a http.RoundTripper. Only a caller with a deadline
// pays for a request of its own.
func over(rt http.RoundTripper) caller {
	shared := newRequest(context.Background())
	return func(ctx context.Context) error {
		req := shared
		if ctx != context.Background() {
			req = shared.WithContext(ctx)
		}
		return good(rt.RoundTrip(req))
	}
}

func good(resp *http.Response, err error) error {
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return nil
}

// An oauth2Source asks s for the tokens of x/oauth2, whose interface has no
// context.
type oauth2Source struct{ s *sts }

func (o oauth2Source) Token() (*oauth2.Token, error) {
	value, err := o.s.next()
	return &oauth2.Token{AccessToken: value, Expiry: time.Now().Add(time.Hour)}, err
}

func xOAuth2(base http.RoundTripper, s *sts) caller {
	return over(&oauth2.Transport{Source: oauth2.ReuseTokenSource(nil, oauth2Source{s}), Base: base})
}

func ghInstallation(base http.RoundTripper, s *sts) caller {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	must(err)
	both := roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodPost {
			return s.RoundTrip(req) // for a token
		}
		return base.RoundTrip(req)
	})
	tr, err := ghinstallation.New(both, 1, 1, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	must(err)
	return over(tr)
}

// A googleProvider asks s for the tokens of Google's auth.
type googleProvider struct {
	s    *sts
	life time.Duration
}

func (g *googleProvider) Token(context.Context) (*auth.Token, error) {
	value, err := g.s.next()
	return &auth.Token{Value: value, Type: "Bearer", Expiry: time.Now().Add(g.life)}, err
}

func googleAuth(base http.RoundTripper, s *sts) caller {
	return googleAuthOf(base, &googleProvider{s, time.Hour})
}

func googleAuthOf(base http.RoundTripper, source *googleProvider) caller {
	client := &http.Client{Transport: base}
	must(httptransport.AddAuthorizationMiddleware(client, auth.NewCredentials(&auth.CredentialsOptions{
		TokenProvider: auth.NewCachedTokenProvider(source, nil),
	})))
	return over(client.Transport)
}

func azureCredential(s *sts) azcore.TokenCredential {
	cred, err := azidentity.NewClientSecretCredential(tenant, "bench", "secret", &azidentity.ClientSecretCredentialOptions{
		ClientOptions: policy.ClientOptions{
			Cloud:     cloud.Configuration{ActiveDirectoryAuthorityHost: "https://" + loginHost + "/"},
			Transport: s,
		},
		DisableInstanceDiscovery: true,
	})
	must(err)
	return cred
}

// A transporter makes a http.RoundTripper azcore's policy.Transporter.
type transporter struct{ http.RoundTripper }

func (t transporter) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

func azCore(base http.RoundTripper, s *sts) caller { return azCoreWith(base, azureCredential(s)) }

func azCoreWith(base http.RoundTripper, cred azcore.TokenCredential) caller {
	pipeline := runtime.NewPipeline("bench", "v1", runtime.PipelineOptions{
		PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(cred, []string{scope}, nil)},
	}, &policy.ClientOptions{Transport: transporter{base}, Retry: policy.RetryOptions{MaxRetries: -1}})
	return func(ctx context.Context) error {
		req, err := runtime.NewRequest(ctx, http.MethodGet, apiURL)
		must(err)
		setHeaders(req.Raw().Header)
		return good(pipeline.Do(req))
	}
}

func kiota(base http.RoundTripper, s *sts) caller {
	provider, err := kiotaauth.NewAzureIdentityAuthenticationProviderWithScopes(azureCredential(s), []string{scope})
	must(err)
	client := &http.Client{Transport: kiotahttp.NewCustomTransportWithParentTransport(base, kiotahttp.GetDefaultMiddlewares()...)}
	adapter, err := kiotahttp.NewNetHttpRequestAdapterWithParseNodeFactoryAndSerializationWriterFactoryAndHttpClient(provider, nil, nil, client)
	must(err)
	adapter.SetBaseUrl("https://graph.microsoft.com")
	return func(ctx context.Context) error {
		info := abstractions.NewRequestInformationWithMethodAndUrlTemplateAndPathParameters(abstractions.GET, "{+baseurl}/v1.0/users", map[string]string{})
		for _, name := range []string{"Accept", "Accept-Language", "User-Agent", "Client-Request-Id", "Consistencylevel", "Prefer"} {
			info.Headers.Add(name, "some value")
		}
		return adapter.SendNoContent(ctx, info, nil)
	}
}
