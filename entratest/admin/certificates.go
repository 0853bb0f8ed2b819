package admin

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// addCertificate registers the first certificate of a PEM text.
func addCertificate(s *server, b certificate) (any, error) {
	block, _ := pem.Decode([]byte(b.PEM))
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, errors.New("pem is not a certificate in PEM")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("pem is not a certificate: %w", err)
	}
	s.AddCertificate(b.Client, cert)
	return nil, nil
}

// clientCertificate answers with what any PEM reader takes: the key as PKCS #8.
func clientCertificate(s *server, _ struct{}) (any, error) {
	cert := s.ClientCertificate()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		"certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})),
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})),
	}, nil
}
