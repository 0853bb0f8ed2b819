package tokensource_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/msalcae/msalcae/cache"
	"github.com/msalcae/msalcae/tokensource"
	"github.com/stretchr/testify/require"
)

// A disk is a cache.Store that several "processes" of a test share.
type disk struct {
	cache.Memory
	mu      sync.Mutex
	broken  bool // it cannot be written
	records map[string]bool
}

var errDiskFull = errors.New("disk full")

func (d *disk) Swap(ctx context.Context, name string, old, next []byte, ttl time.Duration) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errDiskFull
	}
	err := d.Memory.Swap(ctx, name, old, next, ttl)
	if err == nil {
		if d.records == nil {
			d.records = map[string]bool{}
		}
		d.records[name] = next != nil
	}
	return err
}

func (d *disk) Delete(ctx context.Context, names ...string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken {
		return errDiskFull
	}
	for _, name := range names {
		delete(d.records, name)
	}
	return d.Memory.Delete(ctx, names...)
}

// spoil edits every record.
func (d *disk) spoil(t testing.TB) {
	t.Helper()
	for name, there := range d.records {
		if !there {
			continue
		}
		data, err := d.Load(t.Context(), name)
		require.NoError(t, err)
		spoilt := bytes.Clone(data)
		spoilt[len(spoilt)-1] ^= 1
		require.NoError(t, d.Memory.Swap(t.Context(), name, data, spoilt, time.Hour))
	}
}

// SetAside drops a record that cannot be read, as a Store may.
func (d *disk) SetAside(ctx context.Context, name string, data []byte) error {
	return d.Memory.Swap(ctx, name, data, nil, time.Hour)
}

// left counts the records that there are.
func (d *disk) left() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, there := range d.records {
		if there {
			n++
		}
	}
	return n
}

// open is the cache as one process has it.
func (d *disk) open() *cache.Cache { return cache.New(d, bytes.Repeat([]byte{1}, 32)) }

// publicOn is the client of a process that uses d.
func (e entra) publicOn(d *disk, prompt tokensource.Prompt) *tokensource.Public {
	e.t.Helper()
	p, err := tokensource.NewPublic(tokensource.PublicConfig{
		Authority: e.Authority(), ClientID: e.PublicClientID(), Prompt: prompt, HTTPClient: e.http(), Cache: d.open(),
	})
	require.NoError(e.t, err)
	return p
}

func (e entra) confidentialOn(d *disk) *tokensource.Confidential {
	e.t.Helper()
	cred, err := confidential.NewCredFromSecret(e.ClientSecret())
	require.NoError(e.t, err)
	c, err := tokensource.NewConfidential(tokensource.ConfidentialConfig{
		Authority: e.Authority(), ClientID: e.ClientID(), Credential: cred, HTTPClient: e.http(), Cache: d.open(),
	})
	require.NoError(e.t, err)
	return c
}

func (e entra) mailScope() string { return strings.TrimSuffix(e.Scope(), ".default") + "Mail.Read" }
