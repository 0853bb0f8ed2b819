package tokensource

import (
	"bytes"
	"context"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"github.com/msalcae/msalcae/tokensource/internal/entra"
	"github.com/msalcae/msalcae/tokensource/internal/federated"
)

// CertificateFromPEM makes a credential of a PEM file's certificate and RSA
// private key, neither encrypted (PKCS #8 or PKCS #1), with the certificates
// that lead to its root, if SendX5C is to send them. An error is
// msalcae.ErrMisconfigured. For a PFX file see package pfx, a module of its own,
// since no library that MSAL brings can read one.
func CertificateFromPEM(data []byte) (confidential.Credential, error) {
	if err := checkPEM(data); err != nil {
		return confidential.Credential{}, err
	}
	certs, key, err := confidential.CertFromPEM(data, "")
	if err != nil {
		return confidential.Credential{}, fmt.Errorf("%w: the PEM file has no usable certificate with its private key (%w)", msalcae.ErrMisconfigured, err)
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return confidential.Credential{}, fmt.Errorf("%w: the private key is not an RSA key, the only kind that MSAL signs with", msalcae.ErrMisconfigured)
	}
	cred, err := confidential.NewCredFromCert(certs, key)
	if err != nil {
		return confidential.Credential{}, fmt.Errorf("%w: the private key belongs to none of the certificates (%w)", msalcae.ErrMisconfigured, err)
	}
	return cred, nil
}

// checkPEM looks for what MSAL passes over without a word.
func checkPEM(data []byte) error {
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return fmt.Errorf("%w: the private key in the PEM file is encrypted; decrypt it with openssl pkcs8 -in key.pem -out plain.pem and let only this program read it", msalcae.ErrMisconfigured)
		case block.Type == "EC PRIVATE KEY":
			return fmt.Errorf("%w: the private key is not an RSA key, the only kind that MSAL signs with", msalcae.ErrMisconfigured)
		}
	}
	if !bytes.Contains(data, []byte("-----BEGIN ")) {
		return fmt.Errorf("%w: the file is not in PEM form", msalcae.ErrMisconfigured)
	}
	return nil
}

// FederatedTokenFile makes a credential of the JWT in a file, which a platform
// such as Kubernetes keeps renewing: it is read for each token request. A file
// that has no token that is still good fails the request with an error that is
// msalcae.ErrMisconfigured and says what is wrong with it.
func FederatedTokenFile(path string) confidential.Credential {
	return asserting(federated.File(path))
}

// WorkloadIdentity returns the configuration of a workload that was given an
// identity of Entra's by its platform, such as a pod of Azure Kubernetes
// Service, from the environment: AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID,
// AZURE_TENANT_ID and AZURE_AUTHORITY_HOST (unset: Microsoft's worldwide
// cloud). The rest is the caller's to set. Without one of these variables the
// error is msalcae.ErrMisconfigured and names it. See
// https://azure.github.io/azure-workload-identity/docs/.
func WorkloadIdentity() (ConfidentialConfig, error) {
	values := map[string]string{}
	for _, name := range []string{"AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID", "AZURE_TENANT_ID"} {
		if values[name] = os.Getenv(name); values[name] == "" {
			return ConfidentialConfig{}, fmt.Errorf("%w: %s is not set; check that the platform gives this workload an identity", msalcae.ErrMisconfigured, name)
		}
	}
	tenant := values["AZURE_TENANT_ID"]
	if err := entra.CheckTenant(tenant); err != nil {
		return ConfidentialConfig{}, fmt.Errorf("%w (AZURE_TENANT_ID)", err)
	}
	host := os.Getenv("AZURE_AUTHORITY_HOST")
	if host == "" {
		host = "https://login.microsoftonline.com"
	}
	return ConfidentialConfig{
		Authority:  strings.TrimSuffix(host, "/") + "/" + tenant,
		ClientID:   values["AZURE_CLIENT_ID"],
		Credential: FederatedTokenFile(values["AZURE_FEDERATED_TOKEN_FILE"]),
	}, nil
}

// azureADTokenExchange is the audience that Entra wants in the tokens of others.
const azureADTokenExchange = "api://AzureADTokenExchange"

// GitHubActions makes a credential of the OpenID Connect token of the GitHub
// Actions job that the program runs in, which needs the permission id-token:
// write. A token is fetched for each token request. client nil: one that uses
// the environment's proxy. Outside of such a job the error is
// msalcae.ErrMisconfigured.
func GitHubActions(client *http.Client) (confidential.Credential, error) {
	job, err := federated.NewGitHub(os.Getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), os.Getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN"), azureADTokenExchange, client)
	if err != nil {
		return confidential.Credential{}, err
	}
	return asserting(job.Token), nil
}

// asserting makes a credential of what fetches an assertion.
func asserting(fetch func(context.Context) (string, error)) confidential.Credential {
	return confidential.NewCredFromAssertionCallback(func(ctx context.Context, _ confidential.AssertionRequestOptions) (string, error) {
		return fetch(ctx)
	})
}
