package release

import (
	"fmt"
	"strings"
)

// Diagram draws the machine as Mermaid does. What every state may lead to is left to the text below it.
func Diagram() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n")
	fmt.Fprintf(&b, "  [*] --> %s\n", Unobserved)
	var final []string
	for _, t := range transitions {
		if t.Action == Finish {
			final = append(final, fmt.Sprintf("  %s --> [*]\n", t.From))
			continue
		}
		fmt.Fprintf(&b, "  %s: %s<br>%s\n", t.From, t.From, t.Action)
		for _, to := range t.To {
			fmt.Fprintf(&b, "  %s --> %s\n", t.From, to)
		}
	}
	b.WriteString(strings.Join(final, ""))
	b.WriteString("```\n")
	names := make([]string, len(always))
	for i, s := range always {
		names[i] = string(s)
	}
	fmt.Fprintf(&b, "\nFrom each state that has an action the run may also come to %s.\n", strings.Join(names, ", "))
	return b.String()
}
