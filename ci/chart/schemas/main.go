// Command schemas writes the JSON schemas that rendered manifests are validated against, for the kinds that the chart
// renders and no other:
//
//	go run ./ci/chart/schemas        # from the root of the checkout
//
// Its sources are the API descriptions that Kubernetes and the Gateway API publish inside their Go modules, at the
// versions below; what it writes is committed, so that a check needs no network. The layout is kubeconform's:
// v1.36.4/deployment-apps-v1.json, and crds/httproute-gateway-v1.json for kinds that no Kubernetes version brings.
//
// The schemas are stricter than the API server: an unknown key, a null and a status are errors.
// crds/servicemonitor-monitoring-v1.json is written by hand: it allows what the chart renders, no more.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

// kubernetes lists the minor versions that the chart is checked against.
var kubernetes = []string{"v1.35.8", "v1.36.4", "v1.37.0"}

// kinds are the definitions in Kubernetes' swagger.json that the chart renders.
var kinds = []string{
	"io.k8s.api.apps.v1.Deployment",
	"io.k8s.api.apps.v1.StatefulSet",
	"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
	"io.k8s.api.core.v1.ConfigMap",
	"io.k8s.api.core.v1.Namespace",
	"io.k8s.api.core.v1.Pod",
	"io.k8s.api.core.v1.Secret",
	"io.k8s.api.core.v1.Service",
	"io.k8s.api.core.v1.ServiceAccount",
	"io.k8s.api.networking.v1.Ingress",
	"io.k8s.api.networking.v1.NetworkPolicy",
	"io.k8s.api.policy.v1.PodDisruptionBudget",
}

const (
	folder       = "ci/chart/schemas"
	gatewayAPI   = "sigs.k8s.io/gateway-api@v1.4.0"
	httpRouteCRD = "config/crd/standard/gateway.networking.k8s.io_httproutes.yaml"
)

func main() {
	log.SetFlags(0)
	for _, version := range kubernetes {
		if err := writeKubernetes(version); err != nil {
			log.Fatalf("schemas of Kubernetes %s: %v", version, err)
		}
	}
	if err := writeHTTPRoute(); err != nil {
		log.Fatalf("schema of HTTPRoute: %v", err)
	}
}

func writeKubernetes(version string) error {
	var swagger struct {
		Definitions map[string]map[string]any `json:"definitions"`
	}
	if err := readModule("k8s.io/kubernetes@"+version, "api/openapi-spec/swagger.json", &swagger); err != nil {
		return err
	}
	for _, kind := range kinds {
		schema, err := Kind(swagger.Definitions, kind)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(version, FileName(kind)), schema); err != nil {
			return err
		}
	}
	return nil
}

func writeHTTPRoute() error {
	var crd struct {
		Spec struct {
			Group    string `json:"group"`
			Versions []struct {
				Name   string `json:"name"`
				Schema struct {
					OpenAPIV3Schema map[string]any `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := readModule(gatewayAPI, httpRouteCRD, &crd); err != nil {
		return err
	}
	for _, version := range crd.Spec.Versions {
		if version.Name == "v1" {
			schema := CustomResource(version.Schema.OpenAPIV3Schema, crd.Spec.Group+"/v1", "HTTPRoute")
			return write("crds/httproute-gateway-v1.json", schema)
		}
	}
	return fmt.Errorf("%s has no version v1", httpRouteCRD)
}

// readModule decodes one file of a Go module, YAML or JSON, and downloads the module first if need be.
func readModule(module, path string, into any) error {
	command := exec.CommandContext(context.Background(), "go", "mod", "download", "-json", module)
	// elsewhere than in this module: a version that nothing here requires is then no concern of its go.mod
	command.Dir = os.TempDir()
	output, err := command.Output()
	if err != nil {
		return fmt.Errorf("downloading %s: %w", module, err)
	}
	var downloaded struct{ Dir string }
	if err := json.Unmarshal(output, &downloaded); err != nil {
		return fmt.Errorf("downloading %s: %w", module, err)
	}
	content, err := os.ReadFile(filepath.Join(downloaded.Dir, path))
	if err != nil {
		return err
	}
	if strings.HasSuffix(path, ".json") {
		return json.Unmarshal(content, into)
	}
	return yaml.Unmarshal(content, into)
}

func write(path string, schema map[string]any) error {
	path = filepath.Join(folder, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	content, err := json.Marshal(schema)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}
