{{/*
What each component is told that is no secret. The ConfigMaps and the checksums on the pods are made from these, so that
a change rolls the component that it concerns and no other.
*/}}
{{- define "todo-chatbot.backend.config" -}}
ENVIRONMENT: {{ .Values.environment }}
LOG_LEVEL: {{ .Values.backend.logLevel }}
{{- with .Values.backend.openaiModel }}
OPENAI_MODEL: {{ . | quote }}
{{- end }}
{{- with .Values.backend.openaiBaseUrl }}
OPENAI_BASE_URL: {{ . | quote }}
{{- end }}
OPENAI_API: {{ .Values.backend.openaiApi }}
{{- with .Values.backend.limits }}
CHAT_MESSAGES_PER_MINUTE: {{ .messagesPerMinute | int64 | quote }}
CHAT_MESSAGES_PER_DAY: {{ .messagesPerDay | int64 | quote }}
CHAT_TURNS_PER_DAY: {{ .turnsPerDay | int64 | quote }}
CHAT_INPUT_TOKENS_PER_DAY: {{ .inputTokensPerDay | int64 | quote }}
CHAT_OUTPUT_TOKENS_PER_DAY: {{ .outputTokensPerDay | int64 | quote }}
AGENT_MAX_TOOL_CALLS: {{ .toolCallsPerAnswer | int64 | quote }}
TODOS_PER_USER: {{ .todosPerUser | int64 | quote }}
{{- end }}
{{- if .Values.faults.crash }}
AUTH_JWKS_URL: faults-crash
{{- else }}
AUTH_JWKS_URL: {{ include "todo-chatbot.url" (dict "root" . "component" "frontend") }}/api/auth/jwks
{{- end }}
AUTH_ISSUER: {{ .Values.publicUrl }}
AUTH_AUDIENCE: {{ .Values.authAudience | quote }}
# uvicorn reads its options from the environment too: one figure for the server and the pod's grace period
UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN: {{ .Values.backend.gracefulShutdownSeconds | quote }}
{{- end }}

{{- define "todo-chatbot.frontend.config" -}}
BETTER_AUTH_URL: {{ .Values.publicUrl }}
AUTH_AUDIENCE: {{ .Values.authAudience | quote }}
BACKEND_URL: {{ include "todo-chatbot.url" (dict "root" . "component" "backend") }}
TRUSTED_ORIGINS: {{ join "," .Values.frontend.trustedOrigins | quote }}
TRUSTED_PROXIES: {{ join "," .Values.frontend.trustedProxies | quote }}
{{- with .Values.frontend.mail }}
{{- if .host }}
SMTP_HOST: {{ .host | quote }}
SMTP_PORT: {{ .port | int64 | quote }}
SMTP_TLS: {{ .tls }}
SMTP_FROM: {{ .from | quote }}
{{- end }}
{{- end }}
# a container runtime sets HOSTNAME to the pod's name, and Next.js would then listen on that address alone; nothing is every address
HOSTNAME: ""
{{- end }}
