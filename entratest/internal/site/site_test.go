package site

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var identity = sync.OnceValue(func() *Identity {
	return NewIdentity(time.Now().Add(-time.Hour), time.Now().Add(time.Hour), "localhost", "*.entra.test")
})

// get asks a site by a name.
func get(t *testing.T, n Network, s *Site, url string) (string, error) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(identity().CA)
	tr := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return n.DialContext(ctx, network, s.Dial)
		},
	}
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

// A site is found under all its names, over TLS that its identity vouches for.
func TestSite(t *testing.T) {
	for name, n := range map[string]Network{"loopback": NewLoopback(), "memory": NewMemory()} {
		t.Run(name, func(t *testing.T) {
			s, err := Listen(n, "login.entra.test", 0)
			require.NoError(t, err)
			s.Serve(context.Background(), identity(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.NotNil(t, Conn(r.Context()))
				io.WriteString(w, r.Host)
			}))
			for _, host := range s.Names() {
				got, err := get(t, n, s, "https://"+host)
				require.NoError(t, err)
				assert.Equal(t, host, got)
			}
			_, err = get(t, n, s, "https://orders.contoso.test")
			require.ErrorContains(t, err, "certificate")
			identity().Trust("orders.contoso.test")
			got, err := get(t, n, s, "https://orders.contoso.test")
			require.NoError(t, err)
			assert.Equal(t, "orders.contoso.test", got)
			identity().mu.Lock()
			delete(identity().others, "orders.contoso.test")
			identity().mu.Unlock()
			s.Close()
			_, err = get(t, n, s, s.Origin())
			assert.Error(t, err)
		})
	}
	assert.Nil(t, Conn(context.Background()))
}

func TestPlainSite(t *testing.T) {
	s, err := Listen(NewLoopback(), "metadata.entra.test", 0)
	require.NoError(t, err)
	s.Plain = true
	s.Serve(context.Background(), nil, http.NotFoundHandler())
	defer s.Close()
	assert.Equal(t, "http://"+s.Addr, s.Origin())
	got, err := get(t, NewLoopback(), s, s.Origin())
	require.NoError(t, err)
	assert.Contains(t, got, "404")
}

// A site that was never served gives its port back.
func TestCloseBeforeServe(t *testing.T) {
	s, err := Listen(NewLoopback(), "", 0)
	require.NoError(t, err)
	s.Close()
	l, err := net.Listen("tcp", s.Addr)
	require.NoError(t, err)
	l.Close()
}

// Wait lets who is in finish, and nobody else in.
func TestRunning(t *testing.T) {
	var r Running
	require.True(t, r.Enter())
	ended := make(chan struct{})
	go func() {
		r.Wait()
		close(ended)
	}()
	require.Eventually(t, func() bool {
		if !r.Enter() {
			return true
		}
		r.Leave()
		return false
	}, 5*time.Second, time.Millisecond)
	select {
	case <-ended:
		t.Fatal("somebody is still in")
	default:
	}
	r.Leave()
	<-ended
}
