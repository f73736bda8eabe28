package scan

import (
	"errors"
	"fmt"
	"time"
)

// staleAfter is how old a vulnerability database may be before it is warned of: Trivy's is made anew every six hours, so
// a week without a new one means that downloads fail.
const staleAfter = 7 * 24 * time.Hour

// Database tells how old the vulnerability database is that a scan used.
type Database struct{ Updated time.Time }

// ParseDatabase reads the metadata.json beside Trivy's database.
func ParseDatabase(raw []byte) (Database, error) {
	var metadata struct{ UpdatedAt time.Time }
	if err := decode(raw, &metadata); err != nil {
		return Database{}, fmt.Errorf("trivy database: %w", err)
	}
	if metadata.UpdatedAt.IsZero() {
		return Database{}, errors.New("trivy database: its metadata has no UpdatedAt; download it again")
	}
	return Database{Updated: metadata.UpdatedAt}, nil
}

// Stale tells whether the database is over 7 days old.
func (d Database) Stale(now time.Time) bool { return now.Sub(d.Updated) > staleAfter }

// Line tells the database's date, and warns of a stale one.
func (d Database) Line(now time.Time) string {
	line := "vulnerability database of " + d.Updated.UTC().Format(time.DateOnly)
	if d.Stale(now) {
		line += fmt.Sprintf("; warning: it is %d days old, download a new one", int(now.Sub(d.Updated).Hours()/24))
	}
	return line
}
