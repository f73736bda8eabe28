package chart

import "slices"

// reporter takes what breaks a rule.
type reporter func(at place, message, fix string)

// Rule is what manifests are held against.
type Rule struct {
	// ID is the rule's name.
	ID       string
	Severity Severity
	// Summary is one line; Why says what comes of breaking it; Source is a page about it.
	Summary, Why, Source string

	check func(*release, reporter)
}

// Rules are all rules, in the order in which they are held.
func Rules() []Rule { return slices.Clone(rules) }

const docs = "https://kubernetes.io/docs/"

var rules = []Rule{
	{"components", Error, "Backend and front end are there, on their ports, behind Services",
		"Without them the other rules have nothing to find, and users nothing to use.",
		docs + "concepts/services-networking/service/", checkComponents},
	{"qos-guaranteed", Error, "Every pod is Guaranteed",
		"A pod of another class is the first to be evicted when a node's memory runs out.",
		docs + "concepts/workloads/pods/pod-qos/", checkQoS},
	{"requests-equal-limits", Error, "Requests equal limits on every container and init container",
		"One container with other amounts takes the whole pod's class away.",
		docs + "concepts/configuration/manage-resources-containers/", checkResources},
	{"budget", Error, "The release fits while it rolls",
		"What does not fit stays pending: the rollout never ends, and its pods never say why.",
		docs + "concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers", checkBudget},
	{"probe-figures", Error, "Probes are those that were decided",
		"A probe of other figures restarts a pod that only waits, or keeps sending requests to one that is lost.",
		docs + "concepts/configuration/liveness-readiness-startup-probes/", checkProbes},
	{"probe-budget", Error, "A start has the time that it takes, and readiness gives up before liveness",
		"A start that is cut short begins again, for ever.",
		docs + "tasks/configure-pod-container/configure-liveness-readiness-startup-probes/", checkStart},
	{"key-exists", Error, "Every ConfigMap, Secret and key that a pod reads is there",
		"The kubelet starts no container while one is missing (CreateContainerConfigError).",
		docs + "concepts/configuration/secret/#optional-secrets", checkKeys},
	{"selector-matches", Error, "Every selector matches a rendered pod",
		"A selector that matches nothing is no error to Kubernetes: the Service, budget or policy just does nothing.",
		docs + "concepts/overview/working-with-objects/labels/#label-selectors", checkSelectors},
	{"service-port", Error, "Services, Ingresses and routes lead to ports that exist",
		"Requests to a port that nobody has are refused.",
		docs + "concepts/services-networking/service/#field-spec-ports", checkServices},
	{"service-url", Error, "A URL of the cluster names a Service of the release",
		"The name does not resolve, which is seen with the first request and not before.",
		docs + "concepts/services-networking/dns-pod-service/", checkURLs},
	{"image-pinned", Error, "Every image has a version or a digest, and not both",
		"What runs is otherwise not what was tested.",
		docs + "concepts/containers/images/#image-names", checkImages},
	{"autoscaler-target", Error, "An autoscaler's target exists and leaves replicas out",
		"Each upgrade would set the number of pods back, in the middle of a peak.",
		docs + "tasks/run-application/horizontal-pod-autoscale/#migrating-deployments-and-statefulsets-to-horizontal-autoscaling", checkAutoscalers},
	{"autoscaler-figures", Warning, "The backend alone scales, by CPU at 70 %, from 2 to 5 pods",
		"Other figures were not measured, and five pods are what a small node holds.",
		docs + "tasks/run-application/horizontal-pod-autoscale/", checkScaling},
	{"rollout-without-gap", Error, "A rollout takes no pod before its successor is ready",
		"Users' requests fail while pods are missing.",
		docs + "concepts/workloads/controllers/deployment/#max-unavailable", checkRollout},
	{"graceful-stop", Error, "A pod leaves its Service before it stops, and has time to finish",
		"Requests in flight are cut off when the grace period ends, and new ones still come for some seconds after it begins.",
		docs + "concepts/workloads/pods/pod-lifecycle/#pod-termination", checkStop},
	{"disruption-budget", Warning, "Several pods have a budget, and it lets a node be drained",
		"A node's drain takes all pods at once without one, and waits for ever for one that allows nothing.",
		docs + "tasks/run-application/configure-pdb/", checkDisruption},
	{"network-deny", Error, "NetworkPolicies deny what they do not admit, for every pod",
		"A pod that is taken over reaches everything that the cluster reaches.",
		docs + "concepts/services-networking/network-policies/#default-policies", checkDeny},
	{"network-admits", Error, "NetworkPolicies admit what the configuration needs",
		"A connection that is not admitted times out: sign-in, chat or the database fails with no word about the policy.",
		docs + "concepts/services-networking/network-policies/", checkFlows},
	{"pod-security", Error, `Every pod passes Pod Security's level "restricted"`,
		"A namespace that enforces the level admits no other pod.",
		docs + "concepts/security/pod-security-standards/#restricted", checkPodSecurity},
	{"root-filesystem", Error, "Root filesystems cannot be written",
		"What is broken into can otherwise be changed to stay broken into.",
		docs + "tasks/configure-pod-container/security-context/", checkFilesystems},
	{"no-token", Error, "No pod has a token for the API server",
		"The token of a pod that is taken over is a way into the cluster.",
		docs + "tasks/configure-pod-container/configure-service-account/#opt-out-of-api-credential-automounting", checkTokens},
	{"no-plain-secret", Error, "A secret's value is in a Secret alone",
		"ConfigMaps, variables and arguments are shown by kubectl describe, by the process list and by every backup.",
		docs + "concepts/security/secrets-good-practices/", checkLeaks},
	{"labels", Warning, "The recommended labels are on every object",
		"Tools that show or clean up a release find its objects by them.",
		docs + "concepts/overview/working-with-objects/common-labels/", checkLabels},
	{"checksum", Error, "Pods roll when the configuration that they read changes",
		"They otherwise keep what they read at their start, each pod since another time.",
		"https://helm.sh/docs/howto/charts_tips_and_tricks/#automatically-roll-deployments", checkChecksums},
	{"helm-test", Error, "The release has tests that prove it",
		"An install that Helm calls deployed may answer nobody.",
		"https://helm.sh/docs/topics/chart_tests/", checkTests},
}
