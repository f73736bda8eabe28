package report

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Recorder gathers what a run tells of itself, from parts that go on side by side. A nil one is of a run without a report: its steps go
// on, and nothing is kept of them.
type Recorder struct {
	recording sync.Mutex
	run       Run
}

// Start begins the record of a run. It failed, unless it says otherwise by its end.
func Start(run Run) *Recorder {
	run.Started, run.Outcome = time.Now(), Failed
	return &Recorder{run: run}
}

// Next says what to do if the run fails from now on.
func (r *Recorder) Next(next string) {
	r.recording.Lock()
	defer r.recording.Unlock()
	r.run.Next = next
}

// Step times one part of the run.
func (r *Recorder) Step(name string, do func() error) error {
	began, err := time.Now(), do()
	r.keep(name, began, err)
	return err
}

// Watch is Step of a part that is told of only where it fails, and not where it was ended.
func (r *Recorder) Watch(ctx context.Context, name string, do func(context.Context) error) error {
	began, err := time.Now(), do(ctx)
	if err != nil && ctx.Err() == nil {
		r.keep(name, began, err)
	}
	return err
}

func (r *Recorder) keep(name string, began time.Time, failure error) {
	if r == nil {
		return
	}
	step := Step{Name: name, Started: began, Took: Duration(time.Since(began)), Outcome: Passed}
	if failure != nil {
		step.Outcome = Failed
	}
	r.recording.Lock()
	defer r.recording.Unlock()
	r.run.Steps = append(r.run.Steps, step)
}

// Include takes over the report of the part that decides, as JSON: its steps come after those that there are. An empty text
// is no report. It gives that part's failure, nil for none, in the report's words where that has some.
func (r *Recorder) Include(raw string, failure error) error {
	if raw == "" {
		return failure
	}
	var part Run
	if err := json.Unmarshal([]byte(raw), &part); err != nil {
		return errors.Join(failure, fmt.Errorf("reading the report of the release: %w", err))
	}
	r.recording.Lock()
	defer r.recording.Unlock()
	part.Started, part.Steps = r.run.Started, append(r.run.Steps, part.Steps...)
	part.Next = cmp.Or(r.run.Next, part.Next)
	r.run = part
	if failure != nil && part.Failure != "" {
		return errors.New(part.Failure)
	}
	return failure
}

// End gives the run with how it ended. One that was rolled back stays so when it failed.
func (r *Recorder) End(failure error) Run {
	r.recording.Lock()
	defer r.recording.Unlock()
	order(r.run.Steps)
	r.run.Took = Duration(time.Since(r.run.Started))
	if failure == nil {
		r.run.Next = ""
	} else {
		r.run.Failure = failure.Error()
		if r.run.Outcome != RolledBack {
			r.run.Outcome = Failed
		}
	}
	return r.run
}

// order puts steps into the order in which they began, and says of each after which other it did.
func order(steps []Step) {
	slices.SortStableFunc(steps, func(a, b Step) int { return a.Started.Compare(b.Started) })
	for i := range steps {
		var last time.Time
		for k, before := range steps {
			ended := before.Started.Add(time.Duration(before.Took))
			if k != i && !ended.After(steps[i].Started) && ended.After(last) {
				steps[i].After, last = before.Name, ended
			}
		}
	}
}
