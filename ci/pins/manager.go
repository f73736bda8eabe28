package pins

// PackageManagers gives where the published base of a runtime keeps package managers and the links to them, as patterns
// of path.Match: nodejs/docker-node, 24/alpine3.24/Dockerfile; docker-library/python, 3.13/slim-trixie/Dockerfile. What
// is built needs them, and what is shipped does not. It gives nothing for other images.
func PackageManagers(base Name) []string {
	return map[Name][]string{
		Node: {
			// npm and corepack; nothing else is installed there.
			"/usr/local/lib/node_modules", "/opt/yarn-v*",
			"/usr/local/bin/npm", "/usr/local/bin/npx", "/usr/local/bin/corepack", "/usr/local/bin/yarn", "/usr/local/bin/yarnpkg",
		},
		Python: {"/usr/local/lib/python3*/site-packages/pip*", "/usr/local/lib/python3*/ensurepip", "/usr/local/bin/pip*"},
	}[base]
}
