#!/bin/sh
# Does something with every set of values that the chart in the working directory has. It needs helm, and for "validate" kubeconform.
#
#   KUBERNETES=VERSION sets.sh lint
#   sets.sh validate SCHEMAS                  SCHEMAS has a folder for each version of Kubernetes, and one for what others define
#   KUBERNETES=VERSION sets.sh render FOLDER  writes there what is rendered, under the name of the values
#   sets.sh given VALUES...                   prints the arguments for them
#   KUBERNETES=VERSION sets.sh one FILE VALUES...   renders the chart with those values into a file, as it is applied: without its tests
set -eu

verb=$1
shift
case $verb in one | render | validate) to=$1; shift ;; esac

# render VERSION ARGUMENT... prints what is rendered.
render() { version=$1; shift; helm template todo-chatbot . --namespace todo-chatbot --kube-version "$version" "$@"; }

# given VALUES... makes $given the arguments for them: a set that brings no secrets wants the name of a Secret, and one that is not
# for development the address of its users.
given() {
  given=
  for values; do given="$given --values $values"; done
  ! grep -qE '^environment: (staging|production)' "$@" || grep -q '^publicUrl:' "$@" || given="$given --set publicUrl=https://todo.example.com"
  grep -qE '^(secrets|existingSecret):' "$@" || given="$given --set existingSecret=${SECRET:-named}"
}

if [ "$verb" = given ]; then
  given "$@"
  echo "$given"
  exit
fi

if [ "$verb" = one ]; then
  given "$@"
  # Into a file at once: what is rendered may hold secrets, and a log is not the place for them.
  # shellcheck disable=SC2086 # One argument each.
  render "$KUBERNETES" --skip-tests $given >"$to"
  exit
fi

for set in ci/*.yaml examples/*.yaml values-*.yaml; do
  echo "$set"
  given "$set"
  # shellcheck disable=SC2086 # One argument each.
  case $verb in
    lint) helm lint --strict --quiet . --kube-version "$KUBERNETES" $given ;;
    render) mkdir -p "$to/$(dirname "$set")" && render "$KUBERNETES" $given >"$to/$set" ;;
    validate)
      for schemas in "$to"/v*; do
        render "${schemas##*/}" $given >/tmp/rendered.yaml
        kubeconform -strict -summary -schema-location "$schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" \
          -schema-location "$to/crds/{{ .ResourceKind }}{{ .KindSuffix }}.json" /tmp/rendered.yaml
      done
      ;;
  esac
done
