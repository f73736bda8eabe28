{{/*
What values.schema.json cannot say: rules across keys, and rules about secrets and URLs: the schema's own messages would repeat
a password. Gives every problem at once, one line each, and no secret.
*/}}
{{- define "todo-chatbot.problems" -}}
{{- include "todo-chatbot.problems.names" . }}
{{- include "todo-chatbot.problems.secrets" . }}
{{- include "todo-chatbot.problems.images" . }}
{{- include "todo-chatbot.problems.extras" . }}
{{- include "todo-chatbot.problems.labels" . }}
{{- include "todo-chatbot.problems.mail" . }}
{{- include "todo-chatbot.problems.urls" . }}
{{- include "todo-chatbot.problems.rest" . }}
{{- end }}

{{- define "todo-chatbot.problems.names" -}}
{{- $fullname := include "todo-chatbot.fullname" . }}
{{- if not (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $fullname) }}
fullnameOverride: the objects would be called {{ $fullname }}-…, and no Service can be; set it to a name of a to z, 0 to 9 and -, beginning with a letter
{{- else if and .Values.postgres.enabled (gt (len $fullname) 43) }}
{{- /* a StatefulSet's pods have its name and a hash of ten characters as a label (kubernetes#64023) */}}
fullnameOverride: the objects would be called {{ $fullname }}-…, of {{ len $fullname }} characters, and with postgres.enabled there is room for 43; set it to a shorter name
{{- end }}
{{- end }}

{{/* A label or an annotation twice is a key twice, which Helm tells with a line of the rendered text and no value's name. */}}
{{- define "todo-chatbot.problems.labels" -}}
{{- range $key, $labels := dict "commonLabels" .Values.commonLabels "backend.podLabels" .Values.backend.podLabels "frontend.podLabels" .Values.frontend.podLabels "postgres.podLabels" .Values.postgres.podLabels "serviceMonitor.labels" .Values.serviceMonitor.labels }}
{{- range $label, $_ := $labels }}
{{- if regexMatch "^((app\\.kubernetes\\.io|helm\\.sh)/|pod-security\\.kubernetes\\.io/(enforce|warn)$)" $label }}
{{ $key }}: has {{ $label }}, which the chart sets itself; leave it out
{{- end }}
{{- end }}
{{- end }}
{{- range $key, $annotations := dict "backend.podAnnotations" .Values.backend.podAnnotations "frontend.podAnnotations" .Values.frontend.podAnnotations "postgres.podAnnotations" .Values.postgres.podAnnotations }}
{{- range $annotation, $_ := $annotations }}
{{- if has $annotation (list "checksum/config" "checksum/secret") }}
{{ $key }}: has {{ $annotation }}, which the chart sets itself; leave it out
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What a list has twice is refused where it is applied at the server, as Helm 4 does, in the words of the rendered object. */}}
{{- define "todo-chatbot.problems.extras" -}}
{{- $mail := ternary (list "SMTP_USER" "SMTP_PASSWORD") list (not (empty .Values.frontend.mail.host)) }}
{{- range list
  (dict "key" "backend.extraEnv" "by" "name" "taken" (list "DATABASE_URL" "OPENAI_API_KEY"))
  (dict "key" "frontend.extraEnv" "by" "name" "taken" (concat (list "DATABASE_URL" "BETTER_AUTH_SECRET") $mail))
  (dict "key" "backend.extraVolumes" "by" "name" "taken" (list "tmp"))
  (dict "key" "frontend.extraVolumes" "by" "name" "taken" (list "tmp" "cache"))
  (dict "key" "backend.extraVolumeMounts" "by" "mountPath" "taken" (list "/tmp"))
  (dict "key" "frontend.extraVolumeMounts" "by" "mountPath" "taken" (list "/tmp" "/app/.next/cache"))
}}
{{- $path := splitList "." .key }}
{{- $given := list }}
{{- $extra := . }}
{{- range index $.Values (first $path) (last $path) }}
{{- $one := get . $extra.by }}
{{- if has $one $given }}
{{ $extra.key }}: has {{ $one }} twice; keep one of them
{{- else if not (has $one $extra.taken) }}
{{- else if eq (last $path) "extraEnv" }}
{{ $extra.key }}: has {{ $one }}, which the chart sets itself; use secrets.{{ $one }}, or the key {{ $one }} of the Secret that existingSecret names
{{- else }}
{{ $extra.key }}: has {{ $one }}, which the chart has itself; use another one
{{- end }}
{{- $given = append $given $one }}
{{- end }}
{{- end }}
{{- end }}

{{- define "todo-chatbot.problems.secrets" -}}
{{- $secrets := .Values.secrets }}
{{- $hint := "or name a Secret with existingSecret" }}
{{- if .Values.existingSecret }}
{{- range $key, $value := $secrets }}
{{- if $value }}
secrets.{{ $key }}: given together with existingSecret, which would win; leave one of the two empty
{{- end }}
{{- end }}
{{- else }}
{{- if $secrets.DATABASE_URL }}
{{- if not (hasPrefix "postgresql+asyncpg://" $secrets.DATABASE_URL) }}
secrets.DATABASE_URL: does not start with postgresql+asyncpg://, the only scheme that the backend speaks
{{- else if not (include "todo-chatbot.databasePlace" $secrets.DATABASE_URL) }}
secrets.DATABASE_URL: cannot be read; write it like postgresql+asyncpg://USER:PASSWORD@HOST:5432/DATABASE, and percent-encode what is special in the user and the password (/ is %2F, @ is %40, # is %23, ? is %3F, % is %25)
{{- else if .Values.postgres.enabled }}
{{- $host := printf "%s-postgres" (include "todo-chatbot.fullname" .) }}
{{- if ne $host (regexReplaceAll ":[0-9]+$" (include "todo-chatbot.databasePlace" $secrets.DATABASE_URL) "") }}
secrets.DATABASE_URL: names another host than {{ $host }} while postgres.enabled is true; leave it empty to have it made
{{- end }}
{{- end }}
{{- else if not .Values.postgres.enabled }}
secrets.DATABASE_URL: is empty; set it to postgresql+asyncpg://USER:PASSWORD@HOST:5432/DATABASE, {{ $hint }}{{ if eq .Values.environment "development" }}, or set postgres.enabled=true{{ end }}
{{- end }}
{{- if not $secrets.BETTER_AUTH_SECRET }}
secrets.BETTER_AUTH_SECRET: is empty; set it to 32 or more random characters, {{ $hint }}
{{- else if lt (len $secrets.BETTER_AUTH_SECRET) 32 }}
secrets.BETTER_AUTH_SECRET: has {{ len $secrets.BETTER_AUTH_SECRET }} characters, fewer than 32; make one with: openssl rand -base64 32
{{- end }}
{{- if and (not $secrets.OPENAI_API_KEY) (ne .Values.environment "development") }}
secrets.OPENAI_API_KEY: is empty, which only environment=development allows; set it, {{ $hint }}
{{- end }}
{{- if and .Values.postgres.enabled (not $secrets.POSTGRES_PASSWORD) }}
secrets.POSTGRES_PASSWORD: is empty while postgres.enabled is true; set it, {{ $hint }}
{{- end }}
{{- end }}
{{- end }}

{{- define "todo-chatbot.problems.urls" -}}
{{- $origin := "^https?://[a-z0-9.:\\[\\]-]+$" }}
{{- if not (regexMatch $origin .Values.publicUrl) }}
publicUrl: is no origin; write it like https://todo.example.com, in lower case and without a user, a path or a slash at its end
{{- end }}
{{- range $i, $_ := .Values.frontend.trustedOrigins }}
{{- if not (regexMatch $origin .) }}
frontend.trustedOrigins[{{ $i }}]: is no origin; write it like https://todo.example.com, in lower case and without a user, a path or a slash at its end
{{- end }}
{{- end }}
{{- if regexMatch "^(http://.*:80|https://.*:443)$" .Values.publicUrl }}
publicUrl: names the port that its scheme implies; leave it out, as browsers do
{{- end }}
{{- if and (ne .Values.environment "development") (regexMatch "^https?://(localhost|127\\.[0-9.]+|\\[::1\\])(:[0-9]+)?$" .Values.publicUrl) }}
publicUrl: is {{ .Values.publicUrl }}, where nobody but you can sign in; set it to the origin that users open, e.g. https://todo.example.com, or use environment=development
{{- end }}
{{- with .Values.backend.openaiBaseUrl }}
{{- if not (regexMatch "^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[^\\s?#@]*)?$" .) }}
backend.openaiBaseUrl: cannot be read; write it like https://llm.example.com/v1, without a user or a query: its key is OPENAI_API_KEY
{{- end }}
{{- end }}
{{- end }}

{{- define "todo-chatbot.problems.mail" -}}
{{- $mail := .Values.frontend.mail }}
{{- $secrets := .Values.secrets }}
{{- if not (regexMatch "^([A-Za-z0-9._-]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)?$" ($mail.host | default "")) }}
frontend.mail.host: is no name or address alone; the port is frontend.mail.port, and who signs in secrets.SMTP_USER and SMTP_PASSWORD
{{- end }}
{{- if and $mail.host (not $mail.from) }}
frontend.mail.from: is empty while frontend.mail.host is set; name who the mails are from, e.g. Todos <todos@example.com>
{{- end }}
{{- if and (or $secrets.SMTP_USER $secrets.SMTP_PASSWORD) (not $mail.host) }}
frontend.mail.host: is empty while secrets.SMTP_USER or secrets.SMTP_PASSWORD is set; name the server that they are for
{{- end }}
{{- if and $mail.existingSecret (or $secrets.SMTP_USER $secrets.SMTP_PASSWORD) }}
frontend.mail.existingSecret: is set beside secrets.SMTP_USER or secrets.SMTP_PASSWORD; use one of both
{{- end }}
{{- if and $mail.existingSecret (not $mail.host) }}
frontend.mail.existingSecret: is set while frontend.mail.host is empty; name the server that it is for
{{- end }}
{{- if ne (empty $secrets.SMTP_USER) (empty $secrets.SMTP_PASSWORD) }}
secrets.SMTP_USER: and secrets.SMTP_PASSWORD go together; set both, or neither
{{- end }}
{{- if and $mail.host $secrets.SMTP_PASSWORD (eq $mail.tls "none") }}
frontend.mail.tls: is none, which would show secrets.SMTP_PASSWORD to the network; use starttls or implicit
{{- end }}
{{- end }}

{{- define "todo-chatbot.problems.images" -}}
{{- range $component := list "backend" "frontend" "postgres" }}
{{- $image := (index $.Values $component).image }}
{{- if and $image.tag $image.digest }}
{{ $component }}.image: tag and digest are both set; keep the digest and leave {{ $component }}.image.tag empty
{{- end }}
{{- if eq $image.tag "latest" }}
{{ $component }}.image.tag: is "latest", which changes under a release; name a version or a digest
{{- end }}
{{- end }}
{{- end }}

{{- define "todo-chatbot.problems.rest" -}}
{{- $autoscaling := .Values.backend.autoscaling }}
{{- if gt (int $autoscaling.minReplicas) (int $autoscaling.maxReplicas) }}
backend.autoscaling.minReplicas: {{ $autoscaling.minReplicas }} is above backend.autoscaling.maxReplicas, {{ $autoscaling.maxReplicas }}
{{- end }}
{{- if and .Values.postgres.enabled (eq .Values.environment "production") }}
postgres.enabled: true is for development, it keeps no backup and no replica; with environment=production use a database of your own
{{- end }}
{{- if ne .Values.environment "development" }}
{{- range $name, $on := .Values.faults }}
{{- if $on }}
faults.{{ $name }}: true breaks the release on purpose, which only environment=development allows
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
ingress.hosts: is empty while ingress.enabled is true; name one
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.parentRefs: is empty while httpRoute.enabled is true; name the Gateway
{{- end }}
{{- range $way := list "ingress" "httpRoute" }}
{{- if and (index $.Values $way).enabled (not $.Values.frontend.trustedProxies) }}
frontend.trustedProxies: is empty while {{ $way }}.enabled is true, so all users would share one limit on sign-ins; name the addresses of what stands before the front end, e.g. the range of the cluster's pods
{{- end }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.extraBackendFrom) }}
networkPolicy.extraBackendFrom: is empty while serviceMonitor.enabled is true, so Prometheus would be kept out; name the namespace or the pods that scrape
{{- end }}
{{- end }}
