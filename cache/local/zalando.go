//go:build !windows

package local

import (
	"context"
	"encoding/base64"
	"errors"

	zalando "github.com/zalando/go-keyring"
)

// service is what the key's owner is called in the system's key store.
const service = "msalcae token cache"

// osKeyring is the Keychain of macOS or a Secret Service, whose calls end by no
// limit of their own.
type osKeyring struct{ name string }

func (o osKeyring) Name() string { return o.name }

func (o osKeyring) Load(ctx context.Context, item string) ([]byte, error) {
	text, err := limited(ctx, func() (string, error) { return zalando.Get(service, item) })
	if errors.Is(err, zalando.ErrNotFound) {
		return nil, ErrNoKey
	}
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, ErrNoKey
	}
	return key, nil
}

func (o osKeyring) Save(ctx context.Context, item string, key []byte) error {
	_, err := limited(ctx, func() (struct{}, error) {
		return struct{}{}, zalando.Set(service, item, base64.StdEncoding.EncodeToString(key))
	})
	return err
}

func (o osKeyring) Delete(ctx context.Context, item string) error {
	_, err := limited(ctx, func() (struct{}, error) { return struct{}{}, zalando.Delete(service, item) })
	if errors.Is(err, zalando.ErrNotFound) {
		return nil
	}
	return err
}
