// Makes a vulnerability database of the advisories in a file and pushes it as Trivy's own is published: one layer with
// trivy.db and metadata.json. For a machine that cannot download the real one.
//
//	trivy-db ADVISORIES REFERENCE [DATE]
//
// DATE, as 2026-11-01, is when the database says that it was made; now, when it is left out.
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aquasecurity/trivy-db/pkg/db"
	"github.com/aquasecurity/trivy-db/pkg/metadata"
	"github.com/aquasecurity/trivy-db/pkg/types"
	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	gcr "github.com/google/go-containerregistry/pkg/v1/types"
	"go.etcd.io/bbolt"
	"sigs.k8s.io/yaml"
)

// advisory is one entry of the file. Ranges are a language's: what is vulnerable, and the versions that are not. Fixed
// is a distribution's: the package's first version without it, "" when there is none.
type advisory struct {
	ID         string   `json:"id"`
	Bucket     string   `json:"bucket"`
	Package    string   `json:"package"`
	Title      string   `json:"title"`
	Severity   string   `json:"severity"`
	Source     string   `json:"source"`
	Vulnerable []string `json:"vulnerable"`
	Patched    []string `json:"patched"`
	Fixed      string   `json:"fixed"`
}

// sources are the names that Trivy gives to what a bucket comes from.
var sources = map[string]types.DataSource{
	"alpine 3.24":                       {ID: "alpine", Name: "Alpine Secdb", URL: "https://secdb.alpinelinux.org/"},
	"debian 13":                         {ID: "debian", Name: "Debian Security Tracker", URL: "https://salsa.debian.org/security-tracker-team/security-tracker"},
	"pip::GitHub Security Advisory Pip": {ID: "ghsa", Name: "GitHub Security Advisory Pip", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Apip"},
	"npm::GitHub Security Advisory npm": {ID: "ghsa", Name: "GitHub Security Advisory npm", URL: "https://github.com/advisories?query=type%3Areviewed+ecosystem%3Anpm"},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "trivy-db:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	made := time.Now().UTC()
	if len(args) == 3 {
		var err error
		if made, err = time.Parse(time.DateOnly, args[2]); err != nil {
			return err
		}
		args = args[:2]
	}
	if len(args) != 2 {
		return errors.New("write: trivy-db ADVISORIES REFERENCE [DATE]")
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var advisories []advisory
	if err := yaml.UnmarshalStrict(raw, &advisories); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "trivy-db")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := write(dir, advisories); err != nil {
		return err
	}
	next := made.Add(24 * time.Hour)
	if err := metadata.NewClient(dir).Update(metadata.Metadata{Version: db.SchemaVersion, NextUpdate: next, UpdatedAt: made}); err != nil {
		return err
	}
	return push(dir, args[1])
}

func write(dir string, advisories []advisory) error {
	if err := db.Init(dir); err != nil {
		return err
	}
	config := db.Config{}
	err := config.BatchUpdate(func(tx *bbolt.Tx) error {
		for name, source := range sources {
			if err := config.PutDataSource(tx, name, source); err != nil {
				return err
			}
		}
		for _, a := range advisories {
			if err := put(config, tx, a); err != nil {
				return fmt.Errorf("%s in %s: %w", a.ID, a.Package, err)
			}
		}
		return nil
	})
	return errors.Join(err, db.Close())
}

func put(config db.Config, tx *bbolt.Tx, a advisory) error {
	source, known := sources[a.Bucket]
	severity, err := types.NewSeverity(a.Severity)
	if err != nil || !known || a.Source == "" {
		return errors.Join(fmt.Errorf("bucket %q, severity %q, source %q", a.Bucket, a.Severity, a.Source), err)
	}
	detail := &types.Advisory{FixedVersion: a.Fixed, VulnerableVersions: a.Vulnerable, PatchedVersions: a.Patched}
	value, err := json.Marshal(detail)
	if err != nil {
		return err
	}
	bucket, err := tx.CreateBucketIfNotExists([]byte(a.Bucket))
	if err != nil {
		return err
	}
	if bucket, err = bucket.CreateBucketIfNotExists([]byte(a.Package)); err != nil {
		return err
	}
	if err := bucket.Put([]byte(a.ID), value); err != nil {
		return err
	}
	return config.PutVulnerability(tx, a.ID, types.Vulnerability{
		Title: a.Title, Severity: a.Severity, VendorSeverity: types.VendorSeverity{source.ID: severity}, References: []string{a.Source},
	})
}

func push(dir, reference string) error {
	var packed bytes.Buffer
	zipped := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipped)
	for _, name := range []string{"trivy.db", "metadata.json"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		return err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, gcr.OCIManifestSchema1), "application/vnd.aquasec.trivy.config.v1+json")
	image, err := mutate.Append(image, mutate.Addendum{
		Layer: static.NewLayer(packed.Bytes(), "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"),
		// Trivy takes no layer without a name.
		Annotations: map[string]string{"org.opencontainers.image.title": "db.tar.gz"},
	})
	if err != nil {
		return err
	}
	return crane.Push(image, reference)
}
