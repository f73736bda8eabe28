// Package provenance tells where an artifact came from, as an in-toto statement with a SLSA v1 predicate, and holds such a
// statement against what its reader expects.
package provenance

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The types of what is written, from https://in-toto.io/Statement/v1 and https://slsa.dev/spec/v1.0/provenance.
const (
	StatementType = "https://in-toto.io/Statement/v1"
	// olderStatement is what cosign 3 makes of a predicate. The fields are the same.
	olderStatement = "https://in-toto.io/Statement/v0.1"

	PredicateType = "https://slsa.dev/provenance/v1"
	// BuildType says how to read the parameters: docs/decisions/publishing.md.
	BuildType = "urn:todo-chatbot:dagger-call:v1"
)

// Build is what an artifact was made from and by.
type Build struct {
	// Call is what made it, e.g. "backend image archive".
	Call   string `json:"call,omitempty"`
	Source Source `json:"source"`
	// Bases are the images that it was made from and with, each with a digest: registry/repository:tag@sha256:….
	Bases []string `json:"bases,omitempty"`
	// Engine is Dagger's version, e.g. v0.21.8.
	Engine string `json:"engine"`
	// Builder is who ran it, as a URI: a workflow's, or one that says that it was somebody's machine.
	Builder string `json:"builder"`
	// Run is the URI of the run, "" when it has none.
	Run string `json:"run,omitempty"`
}

// Statement is an in-toto statement.
type Statement struct {
	Type          string    `json:"_type"`
	Subject       []Subject `json:"subject"`
	PredicateType string    `json:"predicateType"`
	Predicate     Predicate `json:"predicate"`
}

// Subject is an artifact by its digest.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"`
}

// Predicate is SLSA's provenance.
type Predicate struct {
	BuildDefinition BuildDefinition `json:"buildDefinition"`
	RunDetails      RunDetails      `json:"runDetails"`
}

// BuildDefinition is what would have to be the same to get the same.
type BuildDefinition struct {
	BuildType            string             `json:"buildType"`
	ExternalParameters   ExternalParameters `json:"externalParameters"`
	InternalParameters   InternalParameters `json:"internalParameters"`
	ResolvedDependencies []Dependency       `json:"resolvedDependencies"`
}

// ExternalParameters are those that the caller chose.
type ExternalParameters struct {
	Call   string `json:"call"`
	Source string `json:"source"`
}

// InternalParameters are the pipeline's own.
type InternalParameters struct {
	Engine string `json:"engine"`
	// Uncommitted says that the checkout had changes that its commit does not have.
	Uncommitted bool `json:"uncommitted"`
}

// Dependency is something that went into the build.
type Dependency struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest,omitempty"`
}

// RunDetails tell who built it, and in which run.
type RunDetails struct {
	Builder  Builder  `json:"builder"`
	Metadata Metadata `json:"metadata"`
}

// Builder is who is to be trusted for the statement.
type Builder struct {
	ID string `json:"id"`
}

// Metadata is about the run. It has no time: equal builds have equal provenance.
type Metadata struct {
	InvocationID string `json:"invocationId,omitempty"`
}

var (
	sha256Digest = regexp.MustCompile(`^sha256:([0-9a-f]{64})$`)
	commitID     = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// New writes the statement about an artifact. A digest, a commit or a base that is not complete is an error: provenance
// with a gap says less than none.
func New(name, digest string, b Build) (Statement, error) {
	hash := sha256Digest.FindStringSubmatch(digest)
	switch {
	case hash == nil:
		return Statement{}, fmt.Errorf("provenance of %s: %q is no digest, as sha256:…", name, digest)
	case !commitID.MatchString(b.Source.Commit):
		return Statement{}, fmt.Errorf("provenance of %s: %q is no commit", name, b.Source.Commit)
	case b.Call == "" || b.Engine == "" || b.Builder == "":
		return Statement{}, fmt.Errorf("provenance of %s: the call, the engine and the builder have to be known", name)
	}
	source := Dependency{URI: b.Source.URI()}
	if !b.Source.Uncommitted {
		source.Digest = map[string]string{"gitCommit": b.Source.Commit}
	}
	dependencies := []Dependency{source}
	bases := slices.Clone(b.Bases)
	slices.Sort(bases)
	for _, base := range slices.Compact(bases) {
		reference, digest, _ := strings.Cut(base, "@")
		hash := sha256Digest.FindStringSubmatch(digest)
		if hash == nil {
			return Statement{}, fmt.Errorf("provenance of %s: the base %s has no digest", name, base)
		}
		dependencies = append(dependencies, Dependency{URI: "oci://" + reference, Digest: map[string]string{"sha256": hash[1]}})
	}
	return Statement{
		Type: StatementType, PredicateType: PredicateType,
		Subject: []Subject{{Name: name, Digest: map[string]string{"sha256": hash[1]}}},
		Predicate: Predicate{
			BuildDefinition: BuildDefinition{
				BuildType:            BuildType,
				ExternalParameters:   ExternalParameters{Call: b.Call, Source: b.Source.URI()},
				InternalParameters:   InternalParameters{Engine: b.Engine, Uncommitted: b.Source.Uncommitted},
				ResolvedDependencies: dependencies,
			},
			RunDetails: RunDetails{Builder: Builder{ID: b.Builder}, Metadata: Metadata{InvocationID: b.Run}},
		},
	}, nil
}

// PredicateJSON gives the predicate alone, from which cosign makes the statement that it signs.
func (s Statement) PredicateJSON() ([]byte, error) { return json.MarshalIndent(s.Predicate, "", "  ") }

// Policy is what a reader expects. What is "" is not asked for.
type Policy struct {
	// Source is the repository, without a scheme's credentials; Commit a full commit; Builder the builder's URI.
	Source, Commit, Builder string
	// Uncommitted lets pass what was built from a checkout with changes.
	Uncommitted bool
}

// Check holds a statement against a digest and a policy, and gives every difference.
func (p Policy) Check(s Statement, digest string) error {
	if s.Type != StatementType && s.Type != olderStatement || s.PredicateType != PredicateType || s.Predicate.BuildDefinition.BuildType != BuildType {
		return fmt.Errorf("provenance: it is a %q about a %q; this needs SLSA v1 of this pipeline", s.PredicateType, s.Predicate.BuildDefinition.BuildType)
	}
	var problems []error
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("provenance: "+format, args...))
	}
	hash := sha256Digest.FindStringSubmatch(digest)
	if hash == nil || !slices.ContainsFunc(s.Subject, func(one Subject) bool { return one.Digest["sha256"] == hash[1] }) {
		problem("it is not about %s", digest)
	}
	definition := s.Predicate.BuildDefinition
	repository, commit := SplitSource(definition.ExternalParameters.Source)
	if p.Source != "" && repository != p.Source {
		if repository == "" {
			repository = "a checkout without an origin"
		}
		problem("it was built from %s, and only %s is allowed", repository, p.Source)
	}
	if p.Commit != "" && commit != p.Commit {
		problem("it was built from commit %s, and only %s is allowed", commit, p.Commit)
	}
	if builder := s.Predicate.RunDetails.Builder.ID; p.Builder != "" && builder != p.Builder {
		problem("it was built by %s, and only %s is allowed", builder, p.Builder)
	}
	if definition.InternalParameters.Uncommitted && !p.Uncommitted {
		problem("the checkout had changes that no commit has; build it from a commit")
	}
	return errors.Join(problems...)
}
