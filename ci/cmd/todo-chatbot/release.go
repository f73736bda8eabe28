package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"todo-chatbot/ci/deploy"
	"todo-chatbot/ci/release"
	"todo-chatbot/ci/release/cli"
	"todo-chatbot/ci/report"
)

const releaseUsage = `takes a release to a cluster and looks after it, with the kubectl and helm on PATH

  todo-chatbot release deploy [FLAGS] [-- COMMAND ARG...]   COMMAND puts the images where the nodes find them
  todo-chatbot release preflight [FLAGS]                    fails where deploy would be refused
  todo-chatbot release plan [FLAGS]                         says what deploy would change
  todo-chatbot release status [FLAGS]                       with --wait once every pod is ready, or cannot be
  todo-chatbot release logs [FLAGS]
  todo-chatbot release rollback [FLAGS]
  todo-chatbot release uninstall [FLAGS]

Secrets are read from files that flags name. --request names a JSON file with the same; flags go before it.`

// call is one call of a verb of a release.
type call struct {
	verb     string
	client   cli.Client
	request  release.Request
	report   string
	revision int
	volumes  bool
	wait     bool
	tail     int
	follow   bool
}

// deploying are the verbs that say what a release shall be.
var deploying = []string{"deploy", "preflight", "plan"}

// list is a flag that may be given several times.
type list struct{ to *[]string }

// String implements flag.Value.
func (l list) String() string { return "" }

// Set implements flag.Value.
func (l list) Set(value string) error {
	*l.to = append(*l.to, value)
	return nil
}

// releaseCommand is one verb of a release.
func releaseCommand(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return usageError{releaseUsage}
	}
	c, err := parseCall(args[0], args[1:])
	if err != nil {
		return err
	}
	c.client.Timeout = time.Duration(c.request.Timeout)
	engine := &release.Engine{Cluster: &c.client, Progress: out, Deliver: c.client.Deliverer(c.request.Deliver, out)}
	if !slices.Contains(deploying, c.verb) {
		if engine.Secrets, err = c.request.SecretValues(); err != nil {
			return err
		}
	}
	switch c.verb {
	case "deploy":
		return c.tell(out)(engine.Deploy(ctx, c.request))
	case "preflight":
		return engine.Preflight(ctx, c.request)
	case "rollback":
		return c.tell(out)(engine.Rollback(ctx, c.request.Target, c.revision))
	case "uninstall":
		return c.tell(out)(engine.Uninstall(ctx, c.request.Target, c.volumes))
	case "logs":
		return engine.Logs(ctx, c.request.Target, c.tail, c.follow, out)
	case "status":
		if c.wait {
			if err := engine.Wait(ctx, c.request.Target); err != nil {
				return err
			}
		}
		status, err := engine.Status(ctx, c.request.Target)
		if err != nil {
			return err
		}
		fmt.Fprint(out, status.Text())
		raw, err := json.MarshalIndent(status, "", "  ")
		return errors.Join(err, c.save(raw))
	}
	engine.Progress = io.Discard
	found, err := engine.Plan(ctx, c.request)
	if err != nil {
		return err
	}
	fmt.Fprint(out, found.Text())
	return c.save([]byte(found.Text()))
}

// tell prints a run's report, and saves it, whether the run failed or not.
func (c *call) tell(out io.Writer) func(report.Run, error) error {
	return func(run report.Run, failure error) error {
		text, failure := run.TextOrError(failure)
		fmt.Fprintf(out, "\n%s", text)
		raw, err := run.JSON()
		return errors.Join(failure, err, c.save(raw))
	}
}

// save writes what a verb gives, where that is wanted.
func (c *call) save(raw []byte) error {
	if c.report == "" {
		return nil
	}
	if err := os.WriteFile(c.report, raw, 0o600); err != nil {
		return fmt.Errorf("saving the report: %w", err)
	}
	return nil
}

// parseCall reads a verb's flags, which go before what the request's file says.
func parseCall(verb string, args []string) (*call, error) {
	if !slices.Contains(append(deploying, "status", "logs", "rollback", "uninstall"), verb) {
		return nil, usageError{releaseUsage}
	}
	first := &call{verb: verb, request: release.Request{
		Target:      release.Target{Release: "todo-chatbot", Namespace: "todo-chatbot"},
		Chart:       "helm/todo-chatbot",
		TodoChatbot: &release.TodoChatbot{Environment: deploy.Development, PublicURL: "http://localhost:3000"},
	}}
	file, err := first.parse(args)
	if err != nil || file == "" {
		return first, err
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	second := &call{verb: verb}
	if second.request, err = release.ParseRequest(raw); err != nil {
		return nil, err
	}
	_, err = second.parse(args)
	return second, err
}

// parse reads flags over what the call is, and gives the path of the request's file.
func (c *call) parse(args []string) (file string, err error) {
	flags := flag.NewFlagSet(c.verb, flag.ContinueOnError)
	r := &c.request
	text := func(to *string, name, usage string) { flags.StringVar(to, name, *to, usage) }
	text(&file, "request", "a JSON file with what the other flags say")
	text(&c.client.Kubeconfig, "kubeconfig", "the cluster's kubeconfig; left out, kubectl's own")
	text(&c.client.Context, "context", "the kubeconfig's context, when it has several")
	text(&c.client.Kubectl, "kubectl", "the program, when it is not the one on PATH")
	text(&c.client.Helm, "helm", "the program, when it is not the one on PATH")
	text(&r.Release, "name", "the release's name")
	text(&r.Namespace, "namespace", "the release's namespace")
	text(&r.Cluster, "cluster", "what people call the cluster")
	flags.Func("timeout", "how long each wait may take, e.g. 5m", func(value string) (err error) {
		r.Timeout, err = release.ParseTimeout(value)
		return err
	})
	text(&c.report, "report", "write there, as JSON, how it went")
	if slices.Contains(deploying, c.verb) {
		c.requestFlags(flags, text)
	}
	switch c.verb {
	case "logs":
		flags.IntVar(&c.tail, "tail", 50, "how many of the last lines of each container")
		flags.BoolVar(&c.follow, "follow", false, "go on until interrupted")
	case "status":
		flags.BoolVar(&c.wait, "wait", false, "wait until every pod is the new one and ready, and fail with why when one cannot be")
	case "rollback":
		flags.IntVar(&c.revision, "revision", 0, "the revision; left out, the last proven one that is not what runs now")
	case "uninstall":
		flags.BoolVar(&c.volumes, "delete-volumes", false, "remove the volumes of the release's own Postgres too")
	}
	if err := parse(flags, args, releaseUsage); err != nil {
		return "", err
	}
	if flags.NArg() > 0 && c.verb != "deploy" {
		return "", usageError{fmt.Sprintf("release %s takes no argument %q\n\n%s", c.verb, flags.Arg(0), releaseUsage)}
	}
	if flags.NArg() > 0 {
		r.Deliver = flags.Args()
	}
	if c.client.Context != "" && r.Cluster == "" {
		r.Cluster = "context " + c.client.Context
	}
	return file, nil
}

// requestFlags are those that say what a release shall be.
func (c *call) requestFlags(flags *flag.FlagSet, text func(to *string, name, usage string)) {
	r := &c.request
	text(&r.Chart, "chart", "the chart's folder")
	text(&r.ChartDigest, "chart-digest", "what stands for its content; left out, its files do")
	flags.Var(list{&r.Values}, "values", "a file of values for the chart; may be given several times")
	flags.Func("image", "PART=REPOSITORY@sha256:DIGEST, for PART.image of the chart's values; may be given several times", func(value string) error {
		part, reference, found := strings.Cut(value, "=")
		if !found {
			return errors.New("write it as PART=REPOSITORY@sha256:DIGEST")
		}
		if r.Images == nil {
			r.Images = map[string]string{}
		}
		r.Images[part] = reference
		return nil
	})
	if t := r.TodoChatbot; t != nil {
		text((*string)(&t.Environment), "environment", "development, staging or production")
		text(&t.PublicURL, "public-url", "the origin under which browsers reach the application")
		flags.BoolVar(&t.Postgres, "postgres", t.Postgres, "give the release a Postgres of its own")
		text(&t.Secrets.DatabaseURL, "database-url-file", "a file with DATABASE_URL")
		text(&t.Secrets.AuthSecret, "auth-secret-file", "a file with BETTER_AUTH_SECRET")
		text(&t.Secrets.OpenAIKey, "openai-api-key-file", "a file with OPENAI_API_KEY")
	}
	text(&r.Plan, "plan", "a file with what plan printed: exactly that is done, or nothing")
	flags.BoolVar(&r.Ephemeral, "ephemeral", r.Ephemeral, "the cluster ends with the run: what fails is left, and secrets are made")
}
