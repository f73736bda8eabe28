package deploy

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// driver is the only scheme that the application takes: SQLAlchemy's name for Postgres through asyncpg.
const driver = "postgresql+asyncpg"

// example is what a DATABASE_URL looks like.
const example = driver + "://user:password@host:5432/todo"

// checkDatabase refuses a DATABASE_URL that the pods could not use. It says the first thing that is wrong, since what
// follows reads differently once that is put right.
func (i Inputs) checkDatabase() error {
	if i.DatabaseURL == "" {
		if i.OwnPostgres() {
			return nil
		}
		return fmt.Errorf("DATABASE_URL: give the Postgres to use, e.g. %s, or --postgres for one in the cluster", example)
	}
	if i.Postgres {
		return errors.New("DATABASE_URL: it and --postgres exclude each other; leave one of them out")
	}
	if err := i.databaseProblem(); err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

func (i Inputs) databaseProblem() error {
	if err := checkSpace(i.DatabaseURL); err != nil {
		return err
	}
	scheme, _, found := strings.Cut(i.DatabaseURL, "://")
	if !found {
		return fmt.Errorf("it is no URL; write it like %s", example)
	}
	if scheme != driver {
		return schemeProblem(scheme)
	}
	u, err := url.Parse(i.DatabaseURL)
	if err != nil || (u.User == nil && strings.Contains(i.DatabaseURL, "@")) {
		return fmt.Errorf("it cannot be read; percent-encode what is special in the password (/ is %%2F, @ is %%40, # is %%23, "+
			": is %%3A, %% is %%25), as in %s", example)
	}
	return i.databaseParts(u)
}

// schemeProblem says what a scheme has to become. Only a known scheme is repeated: an unknown one may be anything pasted.
func schemeProblem(scheme string) error {
	switch scheme {
	case "postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+pg8000":
		return fmt.Errorf("change %s:// to %s://, the driver that the application uses", scheme, driver)
	case "mysql", "sqlite", "sqlite+aiosqlite", "mongodb", "mysql+aiomysql":
		return fmt.Errorf("%s:// is another database; the application needs Postgres: %s", scheme, example)
	}
	return fmt.Errorf("its scheme has to be %s, as in %s", driver, example)
}

func (i Inputs) databaseParts(u *url.URL) error {
	password, hasPassword := u.User.Password()
	switch {
	case u.Hostname() == "":
		return fmt.Errorf("it names no host; write it like %s", example)
	case u.User.Username() == "":
		return fmt.Errorf("it names no user; write it like %s", example)
	case !hasPassword || password == "":
		return fmt.Errorf("it has no password; write it like %s", example)
	case strings.Trim(u.Path, "/") == "" || strings.Contains(strings.Trim(u.Path, "/"), "/"):
		return fmt.Errorf("it has to end in one database name after the host; write it like %s, and percent-encode a / in the "+
			"password as %%2F", example)
	case u.Fragment != "":
		return errors.New("it has a #; percent-encode it in the password as %23")
	case strings.HasSuffix(u.Host, ":"):
		return fmt.Errorf("it has a colon without a port; write it like %s", example)
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.Atoi(p); err != nil || n < 1 || n > 65535 {
			return errors.New("its port is not one from 1 to 65535")
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errors.New("what follows its ? cannot be read; write it like ?ssl=require")
	}
	if query.Has("sslmode") {
		return errors.New("asyncpg does not know sslmode; write ssl= with the same value instead, e.g. ?ssl=require")
	}
	if loopback(u.Hostname()) {
		return errors.New(i.loopbackAdvice())
	}
	return nil
}

// loopbackAdvice says where the caller's machine is from inside a pod.
func (i Inputs) loopbackAdvice() string {
	if i.Embedded {
		return "a pod's localhost is the pod itself; leave DATABASE_URL out to have a Postgres in the embedded cluster, or " +
			"name a host that containers reach"
	}
	return "a pod's localhost is the pod itself, not this machine; write host.minikube.internal (Minikube) or " +
		"host.docker.internal (Docker Desktop, kind, k3d) as the host, or use --postgres"
}

// loopback is true for names and addresses of the machine itself, the unspecified address included.
func loopback(host string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && (address.Unmap().IsLoopback() || address.IsUnspecified())
}

// EmbeddedDatabase gives the DATABASE_URL of the chart's own Postgres: user and database todo on <fullname>-postgres.
func EmbeddedDatabase(release, password string) string {
	u := url.URL{
		Scheme: driver,
		User:   url.UserPassword("todo", password),
		Host:   Fullname(release) + "-postgres:5432",
		Path:   "/todo",
	}
	return u.String()
}
