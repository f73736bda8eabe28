#!/bin/sh
# Installs the chart with one set of values, tests it, upgrades it so that every pod rolls, tests it again, and removes it. It
# needs kubectl, helm and todo-chatbot, and a cluster that ends with the run. A failure says why.
#
#   try.sh NAME CHART VALUES IMAGES CLASSES [PREVIOUS PREVIOUS_VALUES]
#
# NAME is the set's. CHART, VALUES and IMAGES are what is upgraded to; PREVIOUS, a package, is what is installed before, else it is
# CHART. The namespace enforces Pod Security "restricted". What is left in the file CLASSES are the pods with
# their classes.
set -eu

name=$1 chart=$2 values=$3 images=$4 classes=$5 previous=${6:-$2} previous_values=${7:-$3}
namespace=chart-$name release=todo-chatbot
k() { kubectl --namespace "$namespace" "$@"; }

# apply CHART VALUES MARK installs or upgrades, and waits until every pod has the mark and is ready, or cannot be.
apply() {
  echo "$name: $3"
  helm --namespace "$namespace" upgrade "$release" "$1" --install --values "$2" --values "$images" --timeout 5m \
    --server-side=true --force-conflicts --set "backend.podAnnotations.chart-test=$3,frontend.podAnnotations.chart-test=$3" >/dev/null
  todo-chatbot release status --wait --name "$release" --namespace "$namespace" --timeout 5m >/dev/null
}

# tested runs the chart's tests, and shows what their pods said when they fail.
tested() {
  echo "$name: test"
  helm --namespace "$namespace" test "$release" --timeout 3m >/dev/null && return
  k logs --selector app.kubernetes.io/component=test --all-containers --prefix --tail 20 --ignore-errors >&2
  return 1
}

kubectl create namespace "$namespace" >/dev/null
kubectl label namespace "$namespace" pod-security.kubernetes.io/enforce=restricted >/dev/null
apply "$previous" "$previous_values" installed
tested
apply "$chart" "$values" upgraded
tested
k get pods --selector app.kubernetes.io/component!=test --output "$CLASS_COLUMNS" --no-headers >"$classes"
cat "$classes"
helm --namespace "$namespace" uninstall "$release" --wait --timeout 3m >/dev/null
kubectl delete namespace "$namespace" --timeout 3m >/dev/null
