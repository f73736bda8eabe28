{{/*
A pod of "helm test": one of the scripts, run by the Python of the backend's image, so that no further image is pulled.
It stays until the next test: its log is what a failure is read from. Takes a dict: root, script, weight.
*/}}
{{- define "todo-chatbot.testPod" -}}
{{- $root := .root }}
{{- $fullname := include "todo-chatbot.fullname" $root }}
apiVersion: v1
kind: Pod
metadata:
  {{- include "todo-chatbot.metadata" (dict "root" $root "component" "test" "suffix" (printf "test-%s" .script)) | nindent 2 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-weight: {{ .weight | quote }}
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  {{- include "todo-chatbot.identity" $root | nindent 2 }}
  restartPolicy: Never
  activeDeadlineSeconds: 180
  terminationGracePeriodSeconds: 1
  securityContext:
    {{- include "todo-chatbot.podSecurityContext" (dict "user" 1000) | nindent 4 }}
  containers:
    - name: {{ .script }}
      image: {{ include "todo-chatbot.image" (dict "root" $root "component" "backend") }}
      imagePullPolicy: {{ $root.Values.backend.image.pullPolicy }}
      command: [python, -B, /scripts/{{ .script }}.py]
      env:
        - name: BACKEND_URL
          value: {{ include "todo-chatbot.url" (dict "root" $root "component" "backend") }}
        - name: FRONTEND_URL
          value: {{ include "todo-chatbot.url" (dict "root" $root "component" "frontend") }}
        {{- if eq .script "journey" }}
        - name: PUBLIC_URL
          value: {{ $root.Values.publicUrl }}
        {{- if $root.Values.faults.test }}
        - name: FAULT
          value: "true"
        {{- end }}
        {{- end }}
      resources:
        {{- toYaml $root.Values.tests.resources | nindent 8 }}
      securityContext:
        {{- include "todo-chatbot.containerSecurityContext" $root | nindent 8 }}
      volumeMounts:
        - name: scripts
          mountPath: /scripts
          readOnly: true
  volumes:
    - name: scripts
      configMap:
        name: {{ $fullname }}-test-scripts
{{- end }}
