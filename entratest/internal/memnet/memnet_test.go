package memnet

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// connect returns both ends of a connection through a listener.
func connect(t *testing.T) (client, server net.Conn) {
	t.Helper()
	var n Network
	l, err := n.Listen("api.test:443")
	require.NoError(t, err)
	accepted := make(chan net.Conn)
	go func() {
		c, _ := l.Accept()
		accepted <- c
	}()
	client, err = n.DialContext(t.Context(), "tcp", "api.test:443")
	require.NoError(t, err)
	server = <-accepted
	require.NoError(t, l.Close())
	return client, server
}

func TestBytesArriveInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t)
		sent := bytes.Repeat([]byte("0123456789"), maxBuffered/2) // five times what the buffer holds
		go func() {
			n, err := client.Write(sent)
			assert.Equal(t, len(sent), n)
			assert.NoError(t, err)
			assert.NoError(t, client.Close())
		}()
		synctest.Wait() // the writer waits for the reader
		got, err := io.ReadAll(server)
		require.NoError(t, err)
		assert.True(t, bytes.Equal(sent, got))
		_, err = server.Write([]byte("x"))
		assert.ErrorIs(t, err, syscall.EPIPE, "nobody reads any more")
		assert.Equal(t, "api.test:443", server.LocalAddr().String())
		assert.Equal(t, server.RemoteAddr(), client.LocalAddr())
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := connect(t)
		start := time.Now()
		require.NoError(t, client.SetReadDeadline(start.Add(time.Hour)))
		_, err := client.Read(make([]byte, 1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
		assert.Equal(t, time.Hour, time.Since(start), "the bubble's clock went on")
		require.NoError(t, client.SetReadDeadline(time.Time{}))

		require.NoError(t, client.SetDeadline(time.Now().Add(time.Minute)))
		_, err = client.Write(make([]byte, maxBuffered+1))
		assert.ErrorIs(t, err, os.ErrDeadlineExceeded, "the peer does not read")

		waiting := make(chan error)
		go func() {
			_, err := server.Read(make([]byte, maxBuffered+1))
			assert.NoError(t, err)
			_, err = server.Read(make([]byte, 1))
			waiting <- err
		}()
		synctest.Wait()
		require.NoError(t, server.SetReadDeadline(time.Unix(1, 0)), "net/http stops a Read like this")
		assert.ErrorIs(t, <-waiting, os.ErrDeadlineExceeded)
		client.Close()
		server.Close()
	})
}

func TestEndsOfAConnection(t *testing.T) {
	t.Run("closed by itself", func(t *testing.T) {
		client, _ := connect(t)
		require.NoError(t, client.Close())
		_, err := client.Read(make([]byte, 1))
		assert.ErrorIs(t, err, net.ErrClosed)
		_, err = client.Write([]byte("x"))
		assert.ErrorIs(t, err, net.ErrClosed)
	})
	t.Run("reset by the peer", func(t *testing.T) {
		client, server := connect(t)
		_, err := server.Write([]byte("lost"))
		require.NoError(t, err)
		require.NoError(t, server.(interface{ Reset() error }).Reset())
		_, err = client.Read(make([]byte, 4))
		assert.ErrorIs(t, err, syscall.ECONNRESET)
	})
}

func TestNobodyListens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n Network
		_, err := n.DialContext(t.Context(), "tcp", "api.test:443")
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
		l, err := n.Listen("api.test:443")
		require.NoError(t, err)
		_, err = n.Listen("api.test:443")
		assert.ErrorIs(t, err, syscall.EADDRINUSE)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = n.DialContext(ctx, "tcp", "api.test:443")
		assert.ErrorIs(t, err, context.DeadlineExceeded, "nobody accepts")
		accepted := make(chan error)
		go func() {
			_, err := l.Accept()
			accepted <- err
		}()
		synctest.Wait()
		require.NoError(t, l.Close())
		require.NoError(t, l.Close())
		assert.ErrorIs(t, <-accepted, net.ErrClosed)
		_, err = n.DialContext(t.Context(), "tcp", "api.test:443")
		assert.ErrorIs(t, err, syscall.ECONNREFUSED)
	})
}
