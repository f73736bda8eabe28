// Package kube holds what the pipeline knows about Kubernetes without talking to one: a kubeconfig for a bound service
// (Bind), whether a roll is done, under way or cannot succeed (Assess), and whether a release fits its nodes (CheckCapacity).
//
// It reads what kubectl prints and declares only the fields that it reads: the Dagger module compiles this package each
// time it is loaded, and client-go would be most of that time (docs/decisions/rollout-verdicts.md).
package kube
