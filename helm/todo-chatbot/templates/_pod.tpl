{{/*
Annotations of a pod template: what it reads, hashed, so that a change rolls it, and no other.
An existing Secret cannot be read here: give each content a name of its own, or restart the pods.
Takes a dict: root, config (its text), keys (those it reads of the Secret), values.
*/}}
{{- define "todo-chatbot.podAnnotations" -}}
{{- $secrets := set (deepCopy .root.Values.secrets) "DATABASE_URL" (include "todo-chatbot.databaseURL" .root) }}
{{- $read := list }}
{{- range .keys }}
{{- $read = append $read (get $secrets .) }}
{{- end -}}
checksum/config: {{ .config | sha256sum }}
checksum/secret: {{ .root.Values.existingSecret | default (toJson $read) | sha256sum }}
{{- with .values.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Pod Security "restricted", the pod's part. Takes a dict: user, and group where files on a volume are written. */}}
{{- define "todo-chatbot.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
fsGroup: {{ .user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* Pod Security "restricted", the container's part, and a root filesystem that cannot be written. */}}
{{- define "todo-chatbot.containerSecurityContext" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Who runs the pod, and from where its images come; the same for every pod. */}}
{{- define "todo-chatbot.identity" -}}
serviceAccountName: {{ include "todo-chatbot.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where a component's pods go. Takes a dict: root, component, values. */}}
{{- define "todo-chatbot.placement" -}}
{{- if .values.topologySpread -}}
topologySpreadConstraints:
  {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "todo-chatbot.selectorLabels" $ | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  {{- end }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* An HTTP probe. Takes a dict: path, timing. */}}
{{- define "todo-chatbot.httpProbe" -}}
httpGet:
  path: {{ .path }}
  port: http
{{ toYaml .timing }}
{{- end }}

{{/*
A new pod is ready before an old one goes, and an old one keeps answering until no node sends it requests.
Takes a component's values.
*/}}
{{- define "todo-chatbot.lifecycle" -}}
{{- if gt (int .preStopSeconds) 0 -}}
lifecycle:
  preStop:
    sleep:
      seconds: {{ .preStopSeconds }}
{{- end }}
{{- end }}

{{- define "todo-chatbot.gracePeriod" -}}
{{- /* preStop counts against it; five seconds are for the process to end */ -}}
{{- add .preStopSeconds .gracefulShutdownSeconds 5 }}
{{- end }}

{{- /*
How pods are replaced. Takes a dict: root, maxUnavailable, replicas. The release's own Postgres rolls beside these when a secret changes, and
they wait for it: new pods must not take its room.
*/}}
{{- define "todo-chatbot.strategy" -}}
{{- $surge := .root.Values.maxSurge }}
{{- if .root.Values.postgres.enabled }}
{{- $goes := div (mul (int .replicas) (trimSuffix "%" (toString .maxUnavailable) | int)) 100 }}
{{- $surge = ternary 0 1 (gt $goes 0) }}
{{- end -}}
type: RollingUpdate
rollingUpdate:
  maxUnavailable: {{ .maxUnavailable }}
  maxSurge: {{ $surge }}
{{- end }}

{{/*
Waits for the release's own Postgres, which starts together with the pods that need it: without this they would fail
first and then wait in the kubelet's back-off. An init container in the image of Postgres, which is there already.
*/}}
{{- define "todo-chatbot.awaitPostgres" -}}
- name: await-postgres
  image: {{ include "todo-chatbot.image" (dict "root" . "component" "postgres") }}
  imagePullPolicy: {{ .Values.postgres.image.pullPolicy }}
  command:
    - sh
    - -c
    - |
      for attempt in $(seq 120); do
        pg_isready --quiet --host={{ include "todo-chatbot.fullname" . }}-postgres --dbname=todo --username=todo && exit 0
        sleep 1
      done
      echo "{{ include "todo-chatbot.fullname" . }}-postgres:5432 did not answer within two minutes" >&2
      exit 1
  resources:
    {{- /* less than any container that follows it, and so no part of what the pod asks for */}}
    limits: {cpu: 50m, memory: 64Mi}
    requests: {cpu: 50m, memory: 64Mi}
  securityContext:
    {{- include "todo-chatbot.containerSecurityContext" . | nindent 4 }}
{{- end }}
