{{/* The chart's name, cut to what a label value may hold. */}}
{{- define "todo-chatbot.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/*
What the names of all objects start with; 46 characters leave room for the longest suffix. A Service has no dot in its name.
ci/deploy/secret.go names them by the same rule.
*/}}
{{- define "todo-chatbot.fullname" -}}
{{- $name := printf "%s-%s" .Release.Name (include "todo-chatbot.name" .) }}
{{- if .Values.fullnameOverride }}
{{- $name = .Values.fullnameOverride }}
{{- else if contains (include "todo-chatbot.name" .) .Release.Name }}
{{- $name = .Release.Name }}
{{- end }}
{{- $name | replace "." "-" | trunc 46 | trimSuffix "-" }}
{{- end }}

{{/*
The labels that select one component's pods; they never change, since a selector cannot.
Takes a dict: root, component.
*/}}
{{- define "todo-chatbot.selectorLabels" -}}
app.kubernetes.io/name: {{ include "todo-chatbot.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* All labels of one component's objects. Takes a dict: root, component. */}}
{{- define "todo-chatbot.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "todo-chatbot.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .root.Chart.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Name, namespace and labels of an object. Takes a dict: root, component, suffix (of the name; may be empty). */}}
{{- define "todo-chatbot.metadata" -}}
name: {{ include "todo-chatbot.fullname" .root }}{{ with .suffix }}-{{ . }}{{ end }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "todo-chatbot.labels" . | nindent 2 }}
{{- end }}

{{/* One component's image, by digest where one is given, else by tag. Takes a dict: root, component. */}}
{{- define "todo-chatbot.image" -}}
{{- $image := (index .root.Values .component).image }}
{{- $version := ternary "17-alpine" .root.Chart.AppVersion (eq .component "postgres") }}
{{- if $image.digest }}
{{- printf "%s@%s" $image.repository $image.digest }}
{{- else }}
{{- printf "%s:%s" $image.repository ($image.tag | default $version) }}
{{- end }}
{{- end }}

{{- define "todo-chatbot.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- .Values.serviceAccount.name | default (include "todo-chatbot.fullname" .) }}
{{- else }}
{{- .Values.serviceAccount.name | default "default" }}
{{- end }}
{{- end }}

{{/*
Where one component answers inside the cluster, as an origin: without a port that the scheme implies, or it would not be
the same string as what a URL parser makes of it. Takes a dict: root, component.
*/}}
{{- define "todo-chatbot.url" -}}
{{- $port := int (index .root.Values .component).service.port }}
{{- printf "http://%s-%s" (include "todo-chatbot.fullname" .root) .component }}{{ if ne $port 80 }}:{{ $port }}{{ end }}
{{- end }}

{{/* The Secret that the pods read: the caller's own, or the one that this chart makes. */}}
{{- define "todo-chatbot.secretName" -}}
{{- .Values.existingSecret | default (printf "%s-secrets" (include "todo-chatbot.fullname" .)) }}
{{- end }}

{{/*
The database's URL for the rendered Secret: the one given, or that of the release's own Postgres.
urlquery writes a space as "+", which means a plus sign outside of a query.
*/}}
{{- define "todo-chatbot.databaseURL" -}}
{{- if .Values.secrets.DATABASE_URL }}
{{- .Values.secrets.DATABASE_URL }}
{{- else if .Values.postgres.enabled }}
{{- $password := .Values.secrets.POSTGRES_PASSWORD | urlquery | replace "+" "%20" }}
{{- printf "postgresql+asyncpg://todo:%s@%s-postgres:5432/todo" $password (include "todo-chatbot.fullname" .) }}
{{- end }}
{{- end }}

{{/* The database's port, for the network policy: from the URL where the chart knows it. */}}
{{- define "todo-chatbot.databasePort" -}}
{{- $port := .Values.networkPolicy.database.port }}
{{- with .Values.secrets.DATABASE_URL }}
{{- $port = regexFind ":[0-9]+$" (include "todo-chatbot.databasePlace" .) | trimPrefix ":" | default "5432" }}
{{- end }}
{{- $port }}
{{- end }}

{{/*
HOST or HOST:PORT of a DATABASE_URL; empty where it cannot be read. urlParse refuses signs that a password may have, and its
error repeats the password. docs/contracts/database-urls.json says what is valid.
*/}}
{{- define "todo-chatbot.databasePlace" -}}
{{- $sign := "%[0-9A-Fa-f]{2}" }}
{{- $user := printf "([^:/?#@%%\\s]|%s)+" $sign }}
{{- $password := printf "([^/?#@%%\\s]|%s)+" $sign }}
{{- $place := "(?P<place>([A-Za-z0-9_][A-Za-z0-9_.-]*|\\[[0-9A-Fa-f:.]+\\])(:[1-9][0-9]{0,4})?)" }}
{{- $pattern := printf "^postgresql\\+asyncpg://%s:%s@%s/[^/?#@\\s]+(\\?[^#\\s]+)?$" $user $password $place }}
{{- if regexMatch $pattern . }}
{{- regexReplaceAll $pattern . "${place}" }}
{{- end }}
{{- end }}

{{/* A variable from the Secret. Takes a dict: root, key, optional; secret, where it is in another one. */}}
{{- define "todo-chatbot.secretEnv" -}}
- name: {{ .key }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret | default (include "todo-chatbot.secretName" .root) }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end }}
