package chart

import (
	"embed"
	"io/fs"
)

//go:embed sets.sh try.sh
var scripts embed.FS

// Scripts gives the shell of the chart's checks: sets.sh and try.sh. Each says in its head what it needs.
func Scripts() fs.FS { return scripts }
