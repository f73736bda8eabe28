package deploy

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// driver is the only scheme that the application takes: SQLAlchemy's name for Postgres through asyncpg.
const driver = "postgresql+asyncpg"

// example is what a DATABASE_URL looks like.
const example = driver + "://user:password@host:5432/todo"

// checkDatabase refuses a DATABASE_URL that the pods could not use. It says the first thing that is wrong, since what
// follows reads differently once that is put right. The backend and the front end judge by the same table:
// docs/contracts/database-urls.json.
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
	d, err := parseDatabase(i.DatabaseURL)
	if err == nil && loopback(d.host) {
		err = errors.New(i.loopbackAdvice())
	}
	if err != nil {
		return fmt.Errorf("DATABASE_URL: %w", err)
	}
	return nil
}

// postgres is what a DATABASE_URL says.
type postgres struct {
	user, password, host string
	port                 int
	name                 string
	// ssl is libpq's word for how much of TLS there is, and root what holds the server's authority: a file, or system.
	ssl, root string
}

// errSpecial is what to do about a password that is not percent-encoded.
var errSpecial = fmt.Errorf("it cannot be read; percent-encode what is special in the user and the password (/ is %%2F, @ is %%40, # is %%23, "+
	"? is %%3F, %% is %%25), as in %s", example)

// parseDatabase reads a URL part by part: net/url refuses what passwords have in them, as ^ and [.
func parseDatabase(raw string) (postgres, error) {
	var d postgres
	if err := checkSpace(raw); err != nil {
		return d, err
	}
	scheme, rest, found := strings.Cut(raw, "://")
	if !found {
		return d, fmt.Errorf("it is no URL; write it like %s", example)
	}
	if scheme != driver {
		return d, schemeProblem(scheme)
	}
	main, query, asked := strings.Cut(rest, "?")
	authority, path, _ := strings.Cut(main, "/")
	userinfo, place, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		userinfo, place = "", authority
	}
	if strings.Contains(rest, "#") || strings.Contains(path, "@") || strings.Contains(place, "@") || !hasUser && strings.Contains(rest, "@") {
		return d, errSpecial
	}
	if err := d.readUser(userinfo); err != nil {
		return d, err
	}
	if err := d.readHost(place); err != nil {
		return d, err
	}
	if err := d.readName(path); err != nil {
		return d, err
	}
	return d, d.readQuery(query, asked)
}

// schemeProblem says what a scheme has to become. Only a known scheme is repeated: an unknown one may be anything pasted.
func schemeProblem(scheme string) error {
	switch strings.ToLower(scheme) {
	case "postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "postgresql+pg8000", driver:
		return fmt.Errorf("change %s:// to %s://, the driver that the application uses", scheme, driver)
	case "mysql", "sqlite", "sqlite+aiosqlite", "mongodb", "mysql+aiomysql":
		return fmt.Errorf("%s:// is another database; the application needs Postgres: %s", scheme, example)
	}
	return fmt.Errorf("its scheme has to be %s, as in %s", driver, example)
}

func (d *postgres) readUser(userinfo string) error {
	user, password, _ := strings.Cut(userinfo, ":")
	for _, part := range []struct {
		into *string
		from string
	}{{&d.user, user}, {&d.password, password}} {
		text, err := url.PathUnescape(part.from)
		if err != nil {
			return errSpecial
		}
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
			return errors.New("its user or password has a character that is none of UTF-8's, or a control character")
		}
		*part.into = text
	}
	return nil
}

var hostname = regexp.MustCompile(`^(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\[[0-9A-Fa-f:.]+\])$`)

func (d *postgres) readHost(place string) error {
	host, port, hasPort := place, "", false
	if at := strings.LastIndex(place, ":"); at > strings.LastIndex(place, "]") {
		host, port, hasPort = place[:at], place[at+1:], true
	}
	switch {
	case host == "":
		return fmt.Errorf("it names no host; write it like %s", example)
	case d.user == "":
		return fmt.Errorf("it names no user; write it like %s", example)
	case d.password == "":
		return fmt.Errorf("it has no password; write it like %s", example)
	case strings.Contains(place, ","):
		return errors.New("it names several hosts; name one, which leads to whichever serves")
	case !hostname.MatchString(host):
		return fmt.Errorf("its host is no name or address that pods reach; write it like %s", example)
	case hasPort && port == "":
		return fmt.Errorf("it has a colon without a port; write it like %s", example)
	}
	d.host, d.port = strings.Trim(host, "[]"), 5432
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return errors.New("its port cannot be read; it is not one from 1 to 65535")
		}
		d.port = int(n)
	}
	return d.checkPool()
}

// checkPool refuses the pools that give each transaction another connection: migrations hold a lock for longer.
func (d *postgres) checkPool() error {
	host := strings.ToLower(d.host)
	switch {
	case strings.HasSuffix(host, ".neon.tech") && strings.Contains(host, "-pooler."):
		return errors.New("migrations hold a lock that Neon's pool does not keep; take -pooler out of the host's name")
	case strings.HasSuffix(host, ".pooler.supabase.com") && d.port == 6543:
		return errors.New("migrations hold a lock that Supabase's pool at port 6543 does not keep; use its port 5432")
	}
	return nil
}

func (d *postgres) readName(path string) error {
	name, err := url.PathUnescape(path)
	if err != nil || name == "" || strings.Contains(path, "/") || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return fmt.Errorf("it has to end in one database name after the host; write it like %s, and percent-encode a / in the "+
			"password as %%2F", example)
	}
	d.name = name
	return nil
}

// parameters are those that a URL may have. others are libpq's and other clients': they are told by name, and anything else may be
// a part of a password.
const parameters = "ssl, sslrootcert and prepared_statement_cache_size"

var others = []string{
	"application_name", "channel_binding", "client_encoding", "command_timeout", "connect_timeout", "connection_limit", "dbname", "direct_url",
	"fallback_application_name", "gssencmode", "host", "hostaddr", "keepalives", "keepalives_idle", "krbsrvname", "load_balance_hosts", "options",
	"passfile", "password", "pgbouncer", "pool_timeout", "port", "require_auth", "schema", "search_path", "server_settings", "service", "sslcert",
	"sslcrl", "sslkey", "sslnegotiation", "sslpassword", "sslsni", "statement_cache_size", "statement_timeout", "supa", "target_session_attrs",
	"tcp_user_timeout", "timeout", "user", "uselibpqcompat", "workaround",
}

func (d *postgres) readQuery(query string, asked bool) error {
	given := map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, raw, _ := strings.Cut(pair, "=")
		value, err := url.PathUnescape(raw)
		_, twice := given[name]
		switch {
		case !asked:
			continue
		case err != nil || name == "" || value == "" || twice:
			return errors.New("what follows its ? cannot be read; write it like ?ssl=require")
		case name == "sslmode":
			return errors.New("asyncpg does not know sslmode; write ssl= with the same value instead, e.g. ?ssl=require")
		case slices.Contains(others, name):
			return fmt.Errorf("leave %s out; the application takes %s", name, parameters)
		case name != "ssl" && name != "sslrootcert" && name != "prepared_statement_cache_size":
			return fmt.Errorf("it has a parameter that is not known; the application takes %s", parameters)
		case name == "prepared_statement_cache_size" && !number.MatchString(value):
			return errors.New("its prepared_statement_cache_size is no number")
		}
		given[name] = value
	}
	d.ssl, d.root = given["ssl"], given["sslrootcert"]
	if d.ssl == "" {
		d.ssl = "disable"
	}
	return d.checkTLS()
}

var number = regexp.MustCompile(`^[0-9]{1,5}$`)

func (d *postgres) checkTLS() error {
	verified := d.ssl == "verify-ca" || d.ssl == "verify-full"
	switch {
	case d.ssl == "prefer" || d.ssl == "allow":
		return fmt.Errorf("ssl=%s may go unencrypted unnoticed; use require or disable", d.ssl)
	case d.ssl != "disable" && d.ssl != "require" && !verified:
		return errors.New("its ssl is none of disable, require, verify-ca and verify-full")
	case verified && d.root == "":
		return fmt.Errorf("ssl=%s needs the authority of the server's certificate; add &sslrootcert=/path/of/the/file, which "+
			"docs/managed-postgres.md brings into the pods, or use ssl=require", d.ssl)
	case !verified && d.root != "":
		return errors.New("sslrootcert goes with ssl=verify-full or verify-ca")
	case d.root == "system" && d.ssl != "verify-full":
		return errors.New("sslrootcert=system goes with ssl=verify-full: anybody may have a certificate of a public authority")
	case d.root != "" && d.root != "system" && !strings.HasPrefix(d.root, "/"):
		return errors.New("its sslrootcert is neither system nor a path that begins with /")
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
func EmbeddedDatabase(fullname, password string) string {
	u := url.URL{
		Scheme: driver,
		User:   url.UserPassword("todo", password),
		Host:   fullname + "-postgres:5432",
		Path:   "/todo",
	}
	return u.String()
}
