package main

// Where containers have what they are given, and where they leave what they make.
const (
	// Among what a shell finds by name.
	programPath    = "/usr/local/bin/todo-chatbot"
	kubeconfigPath = "/run/kubeconfig"
	passwordPath   = "/run/password"
	requestPath    = "/run/request.json"
	chartPath      = "/run/chart"
	valuesPath     = "/run/values.yaml"
	planPath       = "/run/plan.txt"
	artifactsPath  = "/artifacts"
	databasePath   = "/database"
	checkoutPath   = "/checkout"
	repositoryPath = "/repository"
	findingsPath   = "/findings.json"
	reportPath     = "/out/report"
	renderedPath   = "/tmp/rendered"
)
