package develop_test

import (
	"context"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/develop"
)

func TestAForwardIsAPortAndWhereItLeads(t *testing.T) {
	forward, err := develop.ParseForward("8025=mail:8026")
	require.NoError(t, err)
	assert.Equal(t, develop.Forward{Port: 8025, To: "mail:8026"}, forward)

	for _, text := range []string{"", "8025", "8025=", "8025=mail", "8025=mail:", "8025=:8025", "=mail:8025", "0=mail:8025", "65536=mail:8025", "web=mail:8025", "-1=mail:8025"} {
		_, err := develop.ParseForward(text)
		assert.ErrorContains(t, err, "write it like 8025=mail:8025", text)
	}
}

func TestBytesGoBothWays(t *testing.T) {
	client, server := forwarded(t)
	say(t, client, "HELO")
	assert.Equal(t, "HELO", hear(t, server, 4))
	say(t, server, "250 OK")
	assert.Equal(t, "250 OK", hear(t, client, 6))
	say(t, client, "QUIT")
	assert.Equal(t, "QUIT", hear(t, server, 4), "the connection is the same")
}

func TestWhoHasSaidAllStillHears(t *testing.T) {
	for name, sides := range map[string]func(client, server *net.TCPConn) (first, last *net.TCPConn){
		"the client first": func(client, server *net.TCPConn) (first, last *net.TCPConn) { return client, server },
		"the server first": func(client, server *net.TCPConn) (first, last *net.TCPConn) { return server, client },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := forwarded(t)
			first, last := sides(client, server)
			say(t, first, "all of it")
			require.NoError(t, first.CloseWrite())
			assert.Equal(t, "all of it", rest(t, last))

			say(t, last, "an answer")
			require.NoError(t, last.CloseWrite())
			assert.Equal(t, "an answer", rest(t, first))
		})
	}
}

func TestWhoIsLostOnOneSideIsMissedOnTheOther(t *testing.T) {
	client, server := forwarded(t)
	require.NoError(t, client.SetLinger(0))
	require.NoError(t, client.Close(), "a reset, and no end")
	ends(t, server)

	client, server = forwarded(t)
	require.NoError(t, server.SetLinger(0))
	require.NoError(t, server.Close())
	ends(t, client)
}

func TestAServerThatIsNotThereIsTold(t *testing.T) {
	gone := listen(t)
	require.NoError(t, gone.Close())
	said := &lines{}
	client := connect(t, start(t.Context(), t, gone.Addr().String(), said))
	ends(t, client)
	said.wait(t, "connect: connection refused\n")
	assert.Contains(t, said.String(), "develop: a connection was not forwarded to "+gone.Addr().String()+": ")

	server, err := net.Listen("tcp", gone.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	client = connect(t, start(t.Context(), t, gone.Addr().String(), said))
	say(t, client, "again")
	assert.Equal(t, "again", hear(t, accept(t, server), 5), "it came later")
}

func TestForwardingEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	server, said := listen(t), &lines{}
	at := start(ctx, t, server.Addr().String(), said)
	client := connect(t, at)
	behind := accept(t, server)

	stop()
	ends(t, client)
	ends(t, behind)
	assert.Eventually(t, func() bool {
		late, err := net.Dial("tcp", at)
		if err == nil {
			_ = late.Close()
		}
		return err != nil
	}, time.Minute, 10*time.Millisecond, "nobody listens")
	assert.Empty(t, said.String(), "an end is no failure")
}

func TestAPortThatIsTakenIsAnError(t *testing.T) {
	taken, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	_, err = develop.Forward{Port: uint16(taken.Addr().(*net.TCPAddr).Port), To: "mail:8025"}.Start(t.Context(), io.Discard)
	assert.ErrorContains(t, err, "forwarding to mail:8025: ")
	assert.ErrorContains(t, err, "address already in use")
}

// forwarded is a connection through a forward, by its two ends.
func forwarded(t *testing.T) (client, server *net.TCPConn) {
	t.Helper()
	listener := listen(t)
	client = connect(t, start(t.Context(), t, listener.Addr().String(), &lines{}))
	return client, accept(t, listener)
}

// start gives the address of a forward.
func start(ctx context.Context, t *testing.T, to string, said *lines) string {
	t.Helper()
	at, err := develop.Forward{To: to}.Start(ctx, said)
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(at.String())
	require.NoError(t, err)
	return net.JoinHostPort("127.0.0.1", port)
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener
}

func connect(t *testing.T, to string) *net.TCPConn {
	t.Helper()
	connection, err := net.Dial("tcp", to)
	require.NoError(t, err)
	return patient(t, connection)
}

func accept(t *testing.T, listener net.Listener) *net.TCPConn {
	t.Helper()
	connection, err := listener.Accept()
	require.NoError(t, err)
	return patient(t, connection)
}

// patient has a connection fail in place of a test that hangs.
func patient(t *testing.T, connection net.Conn) *net.TCPConn {
	t.Helper()
	require.NoError(t, connection.SetDeadline(time.Now().Add(time.Minute)))
	t.Cleanup(func() { _ = connection.Close() })
	return connection.(*net.TCPConn)
}

func say(t *testing.T, connection net.Conn, text string) {
	t.Helper()
	_, err := io.WriteString(connection, text)
	require.NoError(t, err)
}

func hear(t *testing.T, connection net.Conn, length int) string {
	t.Helper()
	text := make([]byte, length)
	_, err := io.ReadFull(connection, text)
	require.NoError(t, err)
	return string(text)
}

func rest(t *testing.T, connection net.Conn) string {
	t.Helper()
	text, err := io.ReadAll(connection)
	require.NoError(t, err)
	return string(text)
}

// ends waits until the other side is gone, in order or not, and not until patience is.
func ends(t *testing.T, connection net.Conn) {
	t.Helper()
	_, err := connection.Read(make([]byte, 1))
	require.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it is still open")
}
