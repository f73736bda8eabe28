package deploy

// LeaseName names the Lease of a release.
func LeaseName(release string) string { return release + "-deploy" }
