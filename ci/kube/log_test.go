package kube

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"todo-chatbot/ci/secret"
)

func logLines(output string, secrets ...string) []string {
	var d Diagnosis
	d.AddLog(LogRequest{Pod: "p", Container: "c"}, output, secrets)
	return d.Logs[0].Lines
}

// chainedTraceback is what a Python program prints whose first exception led to another.
const chainedTraceback = `Traceback (most recent call last):
  File "/srv/shop/pool.py", line 31, in connect
    return await driver.open(url)
           ^^^^^^^^^^^^^^^^^^^^^^
  File "/srv/lib/driver.py", line 9, in open
    raise OSError(111, "refused")
ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.3', 5432)

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/srv/shop/main.py", line 7, in <module>
    run()
shop.errors.StartFailed: the store is away
`

func TestALogTellsTheCause(t *testing.T) {
	jsonLine := func(fields map[string]any) string {
		raw, _ := json.Marshal(fields)
		return string(raw) + "\n"
	}
	deep := "Traceback (most recent call last):\n" + strings.Repeat("  File \"/srv/lib/deep.py\", line 1, in call\n    call()\n", 60) + "ValueError: the last line says it\n"
	told := []string{"ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.3', 5432)",
		`  File "/srv/shop/pool.py", line 31, in connect`, `  File "/srv/lib/driver.py", line 9, in open`, "led to shop.errors.StartFailed: the store is away"}
	for name, test := range map[string]struct {
		output string
		want   []string
	}{
		"a traceback":              {"starting\n" + chainedTraceback, append([]string{"starting"}, told...)},
		"a traceback in JSON":      {jsonLine(map[string]any{"level": "error", "message": "could not start", "exc_info": chainedTraceback}), append([]string{"error could not start"}, told...)},
		"a traceback as a message": {jsonLine(map[string]any{"event": "could not start", "exception": deep}), []string{"could not start", "ValueError: the last line says it", `  File "/srv/lib/deep.py", line 1, in call`}},
		"a long traceback":         {deep, []string{"ValueError: the last line says it", `  File "/srv/lib/deep.py", line 1, in call`, `  File "/srv/lib/deep.py", line 1, in call`}},
		"what was raised runs over lines": {"Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in <module>\npydantic.ValidationError: 1 error\n  url\n    field required\n",
			[]string{"pydantic.ValidationError: 1 error", `  File "/srv/a.py", line 1, in <module>`, "  url", "  field required"}},
		"an object of an error": {jsonLine(map[string]any{"level": 50, "msg": "no start", "err": map[string]any{"type": "Error", "message": "connect ECONNREFUSED 10.0.0.3:5432",
			"stack": "Error: connect ECONNREFUSED 10.0.0.3:5432\n    at open (/srv/a.js:1:2)\n    at run (/srv/b.js:3:4)\n    at main (/srv/c.js:5:6)"}}),
			[]string{"no start", "Error: connect ECONNREFUSED 10.0.0.3:5432", "    at open (/srv/a.js:1:2)", "    at run (/srv/b.js:3:4)"}},
		"JavaScript's stack": {"Error: no such table\n    at a (/srv/a.js:1:2)\n    at b (/srv/a.js:1:2)\n    at c (/srv/a.js:1:2)\n",
			[]string{"Error: no such table", "    at a (/srv/a.js:1:2)", "    at b (/srv/a.js:1:2)"}},
		"Java's causes": {"Exception in thread \"main\" app.StartFailed: no\n\tat app.Main.run(Main.java:3)\nCaused by: app.Pool: no\n\tat app.Pool.get(Pool.java:3)\nCaused by: java.net.ConnectException: refused\n\tat java.net.Socket(Socket.java:1)\n\t... 12 more\n",
			[]string{"Caused by: java.net.ConnectException: refused", "Caused by: app.Pool: no", `Exception in thread "main" app.StartFailed: no`, " at app.Main.run(Main.java:3)"}},
		"Go's panic": {"panic: no store\n\ngoroutine 1 [running]:\nmain.open()\n\t/srv/open.go:3 +0x1\nmain.main()\n\t/srv/main.go:9 +0x2\n", []string{"panic: no store", "goroutine 1 [running]:", "main.open()"}},
		"what repeats": {"try 1 of 9: refused by db:5432\nwaiting 2s\ntry 2 of 9: refused by db:5432\nwaiting 4s\ntry 3 of 9: refused by db:5432\n",
			[]string{"waiting 4s (×2)", "try 3 of 9: refused by db:5432 (×3)"}},
		"what repeats in a JSON line":              {jsonLine(map[string]any{"time": "2026-01-01T10:00:00Z", "msg": "refused"}) + jsonLine(map[string]any{"time": "2026-01-01T10:00:07Z", "msg": "refused"}), []string{"refused (×2)"}},
		"two that differ in a port":                {"refused by db:5432\nrefused by db:6379\n", []string{"refused by db:5432", "refused by db:6379"}},
		"two that differ in a status":              {"GET / 404\nGET / 503\n", []string{"GET / 404", "GET / 503"}},
		"a JSON line of another kind":              {`{"a": 1}` + "\n", []string{`{"a": 1}`}},
		"a line that only looks like JSON":         {"{not JSON\n", []string{"{not JSON"}},
		"lines with colours, and empty ones":       {"\x1b[31mred\x1b[0m\r\n\n  \n", []string{"red"}},
		"nothing":                                  {"\n \n", []string{"(it printed nothing)"}},
		"a traceback that is cut off at its start": {"    return await connect()\nValueError: no\n", []string{"    return await connect()", "ValueError: no"}},
		"a traceback that is cut off at its end":   {"Traceback (most recent call last):\n  File \"/srv/a.py\", line 1, in <module>\n", []string{`  File "/srv/a.py", line 1, in <module>`}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, logLines(test.output)) })
	}
}

func TestALogKeepsTwentyLinesAndNoFailureIsLostAmongThem(t *testing.T) {
	for failure, told := range map[string]string{
		chainedTraceback: "ConnectionRefusedError",
		`{"level": "alert", "message": "the store is away"}` + "\n":                      "alert the store is away",
		`{"level": "info", "message": "no start", "exception": "gone\nfor good"}` + "\n": "info no start",
	} {
		for _, line := range []string{"cleaning up %s\n", `{"msg": "cleaning up %s"}` + "\n"} {
			var many strings.Builder
			many.WriteString(failure)
			for word := range strings.FieldsSeq("a b c d e f g h i j k l m n o p q r s t u v w x y z") {
				fmt.Fprintf(&many, line, word)
			}
			lines := logLines(many.String())
			require.Len(t, lines, maxLogLines)
			assert.Contains(t, lines[0], told)
			assert.Equal(t, "cleaning up z", lines[len(lines)-1])
		}
	}
	assert.Equal(t, []string{"same (×40)"}, logLines(strings.Repeat("same\n", 40)))

	long := logLines("begins " + strings.Repeat("ünd ", 300) + "the error at its end")
	assert.Len(t, []rune(long[0]), maxLogWidth)
	assert.True(t, strings.HasPrefix(long[0], "begins "))
	assert.True(t, strings.HasSuffix(long[0], "the error at its end"))
}

func TestALogShowsNoSecretThatJSONHid(t *testing.T) {
	lines := logLines(`{"msg":"could not reach postgresql://shop:Pl4nted\u0021@db/shop","exception":"a\npassword=Pl4nted\u0021x\nb"}`, "Pl4nted!")
	assert.NotContains(t, strings.Join(lines, "\n"), "Pl4nted")
	assert.Contains(t, lines[0], "***")
}

// FuzzLog holds a kept log to its bounds, and shows no given secret, whatever was printed.
func FuzzLog(f *testing.F) {
	f.Add(chainedTraceback)
	f.Add(`{"msg":"x","err":{"stack":["a",{"b":1}]}}`)
	f.Add("panic: x\n\ngoroutine 1 [running]:\nmain.main()\n")
	f.Add("Traceback (most recent call last)\nTraceback (most recent call last)\n\n\nTraceback (most recent call last)")
	f.Fuzz(func(t *testing.T, output string) {
		const secret = "Pl4nted-secret"
		lines := logLines(output+"\n"+secret+"\n"+output, secret)
		require.LessOrEqual(t, len(lines), maxLogLines)
		for _, line := range lines {
			require.LessOrEqual(t, len([]rune(line)), maxLogWidth)
			require.NotContains(t, line, secret)
			require.NotContains(t, line, "\n")
		}
	})
}

func TestALogNamesWhyADatabaseIsNotReached(t *testing.T) {
	for line, want := range map[string]string{
		`asyncpg.exceptions.InvalidPasswordError: password authentication failed for user "todo"`:                     "refuses the password",
		`error: password authentication failed for user "todo"`:                                                       "refuses the password",
		`no pg_hba.conf entry for host "10.0.0.7", user "todo", database "todo", no encryption`:                       "pg_hba.conf",
		`asyncpg.exceptions.TooManyConnectionsError: sorry, too many clients already`:                                 "max_connections",
		`FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute`:                       "max_connections",
		`asyncpg.exceptions.InvalidCatalogNameError: database "todos" does not exist`:                                 "make it, or name one that does",
		`asyncpg.exceptions.InsufficientPrivilegeError: permission denied for schema public`:                          "CREATE on the schema",
		`ssl.SSLCertVerificationError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: Hostname mismatch`: "docs/managed-postgres.md",
		`Error: self-signed certificate in certificate chain { code: 'SELF_SIGNED_CERT_IN_CHAIN' }`:                   "docs/managed-postgres.md",
		`socket.gaierror: [Errno -2] Name or service not known`:                                                       "host is not found",
		`Error: getaddrinfo ENOTFOUND db.example.com`:                                                                 "host is not found",
		`ConnectionRefusedError: [Errno 111] Connect call failed ('10.0.0.3', 5432)`:                                  MigrationFailed.hint(),
		`sqlalchemy.exc.ProgrammingError: column "due" of relation "todos" already exists`:                            MigrationFailed.hint(),
	} {
		d := Diagnosis{Code: MigrationFailed, Hint: MigrationFailed.hint()}
		d.AddLog(LogRequest{Pod: "p", Container: "migrations"}, "INFO  starting\n"+line+"\n", nil)
		assert.Contains(t, d.Hint, want, line)
	}

	known := Diagnosis{Code: OOMKilled, Hint: "what the node said"}
	known.AddLog(LogRequest{Pod: "p", Container: "backend"}, "password authentication failed for user \"todo\"\n", nil)
	assert.Equal(t, "what the node said", known.Hint, "a cause that is known stays")
}

func TestNoNextStepIsTakenForASecret(t *testing.T) {
	var steps []string
	for _, causes := range [][]cause{pullCauses, configCauses, startCauses, mountCauses, sandboxCauses, creationCauses, claimCauses,
		placementCauses, failureCauses, databaseCauses} {
		for _, c := range causes {
			steps = append(steps, c.hint)
		}
	}
	for _, c := range codes {
		steps = append(steps, c.hint)
	}
	for _, hint := range exitCauses {
		steps = append(steps, hint)
	}
	for _, step := range steps {
		assert.Equal(t, step, secret.Redact(step, nil))
	}
}
