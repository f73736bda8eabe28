package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDevelopForwardsForAsLongAsItsServerRuns(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("DAGGER_SESSION_PORT", "1") // nobody answers, and the server runs all the same
	t.Setenv("DAGGER_SESSION_TOKEN", "the-token")
	behind, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = behind.Close() })
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at := free.Addr().String()
	require.NoError(t, free.Close())
	_, port, err := net.SplitHostPort(at)
	require.NoError(t, err)

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"develop", "--workspace", "w", "--folder", "/f", "--forward", fmt.Sprintf("%s=%s", port, behind.Addr()), "sleep", "3600"},
			io.Discard, &bytes.Buffer{})
	}()
	var client net.Conn
	require.Eventually(t, func() bool { client, err = net.Dial("tcp", at); return err == nil }, time.Minute, 10*time.Millisecond)
	t.Cleanup(func() { _ = client.Close() })
	server, err := behind.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	_, err = io.WriteString(server, "the mails")
	require.NoError(t, err)
	heard := make([]byte, len("the mails"))
	_, err = io.ReadFull(client, heard)
	require.NoError(t, err)
	assert.Equal(t, "the mails", string(heard))

	stop()
	assert.Equal(t, cancelled, <-ended)
	_, err = net.Dial("tcp", at)
	assert.Error(t, err, "nobody listens")
}
