package develop_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/develop"
)

// caller is a Dagger session that answers as the engine does: it knows one workspace with one folder. What the engine does with such a
// folder is proved by `dagger call dev up` on an engine.
type caller struct {
	mutex sync.Mutex
	// digest is the folder's, and files what it has.
	digest string
	files  map[string]string
	// failure, if it is not "", is the answer to everything.
	failure string
	asked   []string
}

var exportedTo = regexp.MustCompile(`export\(path: "([^"]+)", wipe: true\)`)

func (c *caller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	var asked struct{ Query string }
	if token, _, _ := r.BasicAuth(); token != "the-token" || json.NewDecoder(r.Body).Decode(&asked) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.asked = append(c.asked, asked.Query)
	switch into := exportedTo.FindStringSubmatch(asked.Query); {
	case c.failure != "":
		fmt.Fprintf(w, `{"data": null, "errors": [{"message": %q}]}`, c.failure)
	case into == nil:
		fmt.Fprintf(w, `{"data": {"node": {"directory": {"field": %q}}}}`, c.digest)
	default:
		if err := replace(into[1], c.files); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, `{"data": {"node": {"directory": {"field": %q}}}}`, into[1])
	}
}

func replace(folder string, files map[string]string) error {
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	return os.MkdirAll(folder, 0o755)
}

func (c *caller) saves(digest string, files map[string]string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.digest, c.files, c.failure = digest, files, ""
}

func (c *caller) fails(failure string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.failure = failure
}

// waitForMore waits until the session was asked so many times more.
func (c *caller) waitForMore(t *testing.T, times int) {
	t.Helper()
	count := func() int {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		return len(c.asked)
	}
	until := count() + times
	assert.Eventually(t, func() bool { return count() >= until }, time.Minute, 10*time.Millisecond)
}

func TestWhatIsSavedIsBroughtOnce(t *testing.T) {
	session, checkout := begin(t)
	into := t.TempDir()

	session.saves("one", map[string]string{"a": "1", "b/c": "2"})
	assert.True(t, bring(t, checkout, into))
	assert.Equal(t, map[string]string{"a": "1", "b/c": "2"}, files(t, into))

	assert.False(t, bring(t, checkout, into), "nothing was saved")

	session.saves("two", map[string]string{"a": "3"})
	assert.True(t, bring(t, checkout, into))
	assert.Equal(t, map[string]string{"a": "3"}, files(t, into))
}

func TestTheFolderIsReadAnewEachTime(t *testing.T) {
	session, checkout := begin(t)
	for range 2 {
		bring(t, checkout, t.TempDir())
	}
	assert.NotEqual(t, session.asked[0], session.asked[len(session.asked)-1], "an engine answers the same question once")
	for _, asked := range session.asked {
		assert.Contains(t, asked, `node(id: "the-workspace") { ... on Workspace { directory(path: "/backend"`)
		assert.Contains(t, asked, `"**/.venv"]`)
	}
}

func TestWhatTheSessionRefusesIsAnError(t *testing.T) {
	session, checkout := begin(t)
	session.fails("lstat /backend: no such file or directory")
	_, err := checkout.Bring(t.Context(), t.TempDir())
	assert.EqualError(t, err, "the Dagger session: lstat /backend: no such file or directory")

	t.Setenv("DAGGER_SESSION_TOKEN", "another")
	checkout.Session, err = develop.SessionFromEnvironment()
	require.NoError(t, err)
	_, err = checkout.Bring(t.Context(), t.TempDir())
	assert.ErrorContains(t, err, "401 Unauthorized")
}

func TestOutsideOfASessionItSaysWhereItRuns(t *testing.T) {
	t.Setenv("DAGGER_SESSION_PORT", "")
	_, err := develop.SessionFromEnvironment()
	assert.ErrorContains(t, err, "experimentalPrivilegedNesting")
}

func TestFollowing(t *testing.T) {
	session, checkout := begin(t)
	to, said := t.TempDir(), &lines{}
	require.NoError(t, replace(to, map[string]string{"app.py": "1"}))
	session.saves("one", map[string]string{"app.py": "1"})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	staging := t.TempDir()
	go func() {
		develop.Follow(ctx, checkout, &develop.Mirror{From: staging, To: to}, said)
		close(ended)
	}()

	session.saves("two", map[string]string{"app.py": "2", "new.py": "3"})
	said.wait(t, "develop: app.py, new.py\n")
	assert.Equal(t, map[string]string{"app.py": "2", "new.py": "3"}, files(t, to))

	session.fails("the caller is away")
	said.wait(t, "develop: what was saved is not here yet: the Dagger session: the caller is away\n")
	session.waitForMore(t, 3)
	session.saves("three", map[string]string{"app.py": "4"})
	said.wait(t, "develop: app.py, new.py\ndevelop: what was saved is not here yet: the Dagger session: the caller is away\ndevelop: app.py, new.py\n")
	assert.Equal(t, map[string]string{"app.py": "4"}, files(t, to))

	require.NoError(t, os.Remove(filepath.Join(to, "app.py")))
	require.NoError(t, replace(filepath.Join(to, "app.py"), map[string]string{"in the way": ""}))
	session.saves("four", map[string]string{"app.py": "5"})
	session.waitForMore(t, 3)
	require.NoError(t, os.RemoveAll(filepath.Join(to, "app.py")))
	said.wait(t, "develop: app.py\n")
	assert.Equal(t, map[string]string{"app.py": "5"}, files(t, to), "what could not be written is tried again")

	stop()
	<-ended
}

func begin(t *testing.T) (*caller, *develop.Checkout) {
	t.Helper()
	session := &caller{digest: "zero"}
	server := httptest.NewServer(session)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	t.Setenv("DAGGER_SESSION_PORT", port)
	t.Setenv("DAGGER_SESSION_TOKEN", "the-token")
	found, err := develop.SessionFromEnvironment()
	require.NoError(t, err)
	return session, &develop.Checkout{Session: found, Workspace: "the-workspace", Folder: "/backend", Exclude: []string{"**/.venv"}}
}

func bring(t *testing.T, checkout *develop.Checkout, into string) bool {
	t.Helper()
	other, err := checkout.Bring(t.Context(), into)
	require.NoError(t, err)
	return other
}

// lines are what was said so far.
type lines struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *lines) Write(text []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(text)
}

func (l *lines) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

func (l *lines) wait(t *testing.T, text string) {
	t.Helper()
	assert.Eventually(t, func() bool { return strings.HasSuffix(l.String(), text) }, time.Minute, 10*time.Millisecond, text)
}
