package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// handler is what a probe or a hook of a container's life does.
type handler struct {
	HTTPGet *struct {
		Host string `json:"host"`
		Path string `json:"path"`
		Port amount `json:"port"`
	} `json:"httpGet"`
	TCPSocket *struct {
		Host string `json:"host"`
	} `json:"tcpSocket"`
	Sleep *struct {
		Seconds int `json:"seconds"`
	} `json:"sleep"`
	Exec *struct {
		Command []string `json:"command"`
	} `json:"exec"`
}

// sleeping is a sleep in what a hook runs: `sleep 5`, `sleep 0.5m`, `time.sleep(5)`.
var sleeping = regexp.MustCompile(`\bsleep[\s(]+(\d+(?:\.\d+)?)([smh]?)\b`)

// pause is how many seconds a hook waits, rounded up.
func (h *handler) pause() int {
	if h == nil {
		return 0
	}
	if h.Sleep != nil {
		return h.Sleep.Seconds
	}
	if h.Exec == nil {
		return 0
	}
	seconds := 0.0
	for _, found := range sleeping.FindAllStringSubmatch(strings.Join(h.Exec.Command, " "), -1) {
		number, _ := strconv.ParseFloat(found[1], 64)
		seconds += number * map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[found[2]]
	}
	return int(math.Ceil(seconds))
}

// amount is a number, or text: a port's name or a percentage.
type amount struct {
	number int
	text   string
}

// UnmarshalJSON takes a number or text.
func (a *amount) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &a.number) == nil || json.Unmarshal(raw, &a.text) == nil {
		return nil
	}
	return errors.New("neither a whole number nor text")
}

// String writes the amount as it was written.
func (a amount) String() string {
	if a.text != "" {
		return a.text
	}
	return strconv.Itoa(a.number)
}

// of is the amount of so many pods: a percentage is rounded up, as Kubernetes rounds that of a disruption budget
// (k8s.io/kubernetes pkg/controller/disruption).
func (a amount) of(pods int) int { return a.share(pods, 99) }

// roundedDown is the amount of so many pods as a rollout takes its maxUnavailable.
func (a amount) roundedDown(pods int) int { return a.share(pods, 0) }

// share is the amount of so many pods, and of a percentage so many hundredths more.
func (a amount) share(pods, more int) int {
	percent, isPercent := strings.CutSuffix(a.text, "%")
	if !isPercent {
		return a.number
	}
	n, _ := strconv.Atoi(percent)
	return (pods*n + more) / 100
}

// isNone is true for 0 and 0%.
func (a amount) isNone() bool {
	return a.number == 0 && strings.TrimLeft(strings.TrimSuffix(a.text, "%"), "0") == ""
}

// checkRollout wants a Deployment to lose no pod before a new one is ready (k8s.io/api/apps/v1 RollingUpdateDeployment:
// maxUnavailable is 25 % when left out, and a percentage is rounded down). In development, where the load is one person's, some may go
// as long as one stays.
func checkRollout(r *release, report reporter) {
	for _, w := range r.workloads {
		if w.object.Kind != "Deployment" {
			continue
		}
		at, strategy := w.at("spec.strategy"), w.spec.Strategy
		switch surge, lost := strategy.RollingUpdate.MaxSurge, strategy.RollingUpdate.MaxUnavailable; {
		case strategy.Type == "Recreate":
			report(at.in("type"), "it is Recreate: no pod runs while the new one starts", "use RollingUpdate with maxUnavailable 0")
		case lost == nil:
			report(at.in("rollingUpdate.maxUnavailable"), "it is left out, which means 25%", "set it to 0")
		case !lost.isNone() && (r.environment(w.pod.main())["ENVIRONMENT"] != "development" || lost.roundedDown(r.replicas(w.object)) >= r.replicas(w.object)):
			report(at.in("rollingUpdate.maxUnavailable"), fmt.Sprintf("it is %s", lost), "set it to 0")
		case surge != nil && surge.isNone() && lost.roundedDown(r.replicas(w.object)) == 0:
			report(at.in("rollingUpdate.maxSurge"), "it is 0 beside maxUnavailable 0: nothing could roll", "set it to 1")
		}
	}
}

// grace is the server's option and variable for how long requests in flight may take (uvicorn reads its options from
// UVICORN_* too).
const (
	graceOption   = "--timeout-graceful-shutdown"
	graceVariable = "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN"
)

// checkStop wants every pod behind a Service to leave it before it stops, and to have time for both.
func checkStop(r *release, report reporter) {
	for _, w := range r.workloads {
		c := w.pod.main()
		if w.object.Kind != "Deployment" || !r.served(w.pod) {
			continue
		}
		pause := c.Lifecycle.PreStop.pause()
		if pause <= 0 {
			report(c.in("lifecycle.preStop"), fmt.Sprintf("container %s stops while nodes still send it requests", c.Name),
				"sleep some seconds: preStop: {sleep: {seconds: 5}}")
		}
		flight := 0
		if w.pod.component() == "backend" {
			var problem string
			if flight, problem = r.graceful(c); problem != "" {
				report(c.place, problem, "set "+graceVariable+" to the seconds that one answer may take")
			}
		}
		grace := 30 // k8s.io/api/core/v1 PodSpec
		if given := w.pod.spec.TerminationGracePeriodSeconds; given != nil {
			grace = *given
		}
		if grace <= pause+flight {
			report(w.pod.in("terminationGracePeriodSeconds"), fmt.Sprintf("it is %d s, and preStop takes %d s and requests in flight %d s",
				grace, pause, flight), "make it more than both together")
		}
	}
}

// graceful is how many seconds the server gives requests in flight, or what is wrong with the figure.
func (r *release) graceful(c *container) (int, string) {
	text := r.environment(c)[graceVariable]
	words := slices.Concat(c.Command, c.Args)
	for i, word := range words {
		if value, found := strings.CutPrefix(word, graceOption+"="); found {
			text = value
		} else if word == graceOption && i+1 < len(words) {
			text = words[i+1]
		}
	}
	if text == "" {
		return 0, "the server waits for requests in flight without a limit: it has no " + graceOption
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds <= 0 {
		return 0, graceOption + " is no number of seconds above 0"
	}
	return seconds, ""
}
