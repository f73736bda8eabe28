package deploy

// LeaseName names the Lease of a release.
func LeaseName(release string) string { return Fullname(release) + "-deploy" }
