// Package pfx reads certificate credentials from PFX files (PKCS #12, RFC 7292),
// as Azure Key Vault and Windows export them. It is a module of its own: neither
// Go's standard library nor MSAL Go can decrypt such files, and the library that
// can, in the modern form and the old one, is none that every user of
// tokensource should have to carry.
package pfx

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae"
	"software.sslmate.com/src/go-pkcs12"
)

// maxFile bounds a file. Real ones have a few KiB.
const maxFile = 1 << 20

// Credential makes a credential of a PFX file with one RSA private key, its
// certificate and the certificates that lead to its root, if SendX5C is to send
// them. password is the file's; "" if it has none. An error is
// msalcae.ErrMisconfigured.
func Credential(data []byte, password string) (confidential.Credential, error) {
	if len(data) > maxFile {
		return confidential.Credential{}, fmt.Errorf("%w: the PFX file is larger than 1 MiB", msalcae.ErrMisconfigured)
	}
	key, cert, chain, err := pkcs12.DecodeChain(data, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return confidential.Credential{}, fmt.Errorf("%w: the password is not that of the PFX file", msalcae.ErrMisconfigured)
	case err != nil:
		return confidential.Credential{}, fmt.Errorf("%w: the PFX file cannot be read (%w)", msalcae.ErrMisconfigured, err)
	}
	if _, ok := key.(*rsa.PrivateKey); !ok {
		return confidential.Credential{}, fmt.Errorf("%w: the private key is not an RSA key, the only kind that MSAL signs with", msalcae.ErrMisconfigured)
	}
	cred, err := confidential.NewCredFromCert(append([]*x509.Certificate{cert}, chain...), key)
	if err != nil {
		return confidential.Credential{}, fmt.Errorf("%w: the private key in the PFX file belongs to none of its certificates (%w)", msalcae.ErrMisconfigured, err)
	}
	return cred, nil
}
