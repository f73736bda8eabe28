package develop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
)

// Session is a Dagger session, as a container that was given access to it reaches it.
type Session struct{ address, token string }

// SessionFromEnvironment is the session that a container of Dagger's runs in.
func SessionFromEnvironment() (Session, error) {
	port, token := os.Getenv("DAGGER_SESSION_PORT"), os.Getenv("DAGGER_SESSION_TOKEN")
	if port == "" || token == "" {
		return Session{}, errors.New("develop: DAGGER_SESSION_PORT and DAGGER_SESSION_TOKEN are not set; it runs in a container with experimentalPrivilegedNesting")
	}
	return Session{address: "http://127.0.0.1:" + port + "/query", token: token}, nil
}

// untraced names a trace that nobody takes down: the session would show each question to who started it.
const untraced = "00-00000000000000000000000000000001-0000000000000001-00"

// query asks the session a GraphQL query, and reads its data into answer.
func (s Session) query(ctx context.Context, query string, answer any) error {
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.SetBasicAuth(s.token, "")
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Traceparent", untraced)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	var read struct {
		Data   json.RawMessage
		Errors []struct{ Message string }
	}
	if err := json.NewDecoder(response.Body).Decode(&read); err != nil {
		return fmt.Errorf("reading what the Dagger session answered (%s): %w", response.Status, err)
	}
	if len(read.Errors) > 0 {
		return fmt.Errorf("the Dagger session: %s", read.Errors[0].Message)
	}
	return json.Unmarshal(read.Data, answer)
}
