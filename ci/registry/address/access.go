package address

import "regexp"

// access is who may read and who may write at one kind of registry, in its own words.
type access struct {
	host        *regexp.Regexp
	read, write string
}

var accesses = []access{
	{at(`ghcr\.io`),
		"make the package public in its settings, or pull with a token that has read:packages",
		"a token with write:packages, whose owner or workflow the package's settings let write (permissions: packages: write in a workflow)"},
	{at(`(?:[a-z0-9-]+\.)?docker\.(?:io|com)`),
		"make the repository public, or pull with an access token of a member of it",
		"an access token with read and write, of somebody who may write to that repository or may make it"},
	{at(`[0-9]+\.dkr[.-]ecr[.-][a-z0-9.-]+`),
		"give the nodes' role AmazonEC2ContainerRegistryPullOnly, and the repository's policy the account; a password of get-login-password holds for 12 hours",
		"a role with AmazonEC2ContainerRegistryPowerUser, and a password of get-login-password, which holds for 12 hours; the repository has to be there"},
	{at(`[a-z0-9-]*\.?(?:pkg\.dev|gcr\.io)`),
		"give the nodes' service account roles/artifactregistry.reader",
		"an account with roles/artifactregistry.writer; the repository has to be there"},
	{at(`[a-z0-9-]+\.azurecr\.(?:io|cn|us)`),
		"give the nodes' identity AcrPull (az aks update --attach-acr)",
		"an identity with AcrPush"},
	{at(`quay\.io`),
		"make the repository public, or pull with a robot account that may read it",
		"a robot account that may write to the repository"},
	{at(`(?:[a-z0-9-]+\.)*gitlab\.[a-z0-9.-]+`),
		"pull with a deploy token that has read_registry",
		"a deploy token with write_registry, or somebody who is a Developer of the project"},
	{at(`(?:[a-z0-9-]+\.)*harbor\.[a-z0-9.-]+`),
		"make the project public, or pull with a robot account that may pull",
		"a robot account that may push to the project, which has to be there"},
}

// at finds a host where a reference or an address has it.
func at(host string) *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[\s/"'])` + host + `(?::[0-9]+)?(?:/|$)`)
}

// accessOf is that of the registry that a text names, nil when it names none that is known.
func accessOf(text string) *access {
	for i := range accesses {
		if accesses[i].host.MatchString(text) {
			return &accesses[i]
		}
	}
	return nil
}

// Readers says what lets a node read from the registry that a text names, "" when it names none that is known.
func Readers(text string) string {
	if a := accessOf(text); a != nil {
		return a.read
	}
	return ""
}

// Writers says who may push to the registry that a text names.
func Writers(text string) string {
	if a := accessOf(text); a != nil {
		return a.write
	}
	return "somebody who may push"
}
