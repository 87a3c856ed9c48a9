{{/* Ports of what the settings' addresses name; what stands in Secrets isn't read. */}}
{{- define "watchdog.egressPorts" -}}
{{- $ports := list 443 }}
{{- range regexFindAll "[a-z0-9+]+://[^/?\\s\"']+" (toYaml .Values.config) -1 }}
{{- with regexFind ":[0-9]+$" . }}
{{- $ports = append $ports (trimPrefix ":" . | int) }}
{{- else }}
{{- if hasPrefix "http://" . }}
{{- $ports = append $ports 80 }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "watchdog.usesDatabase" . }}
{{- $ports = append $ports 5432 }}
{{- end }}
{{- range .Values.networkPolicy.egress.services.ports }}
{{- $ports = append $ports (int .) }}
{{- end }}
{{- toJson (uniq $ports) }}
{{- end }}

{{/* A rule of egress: (dict "to" peers "ports" ports "protocols" names). */}}
{{- define "watchdog.egressRule" -}}
- ports:
    {{- range $port := .ports }}
    {{- range $.protocols }}
    - {port: {{ $port }}, protocol: {{ . }}}
    {{- end }}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Who may come in; empty where nobody may. */}}
{{- define "watchdog.ingressRules" -}}
{{- if .Values.tests.enabled }}
- from:
    - podSelector:
        matchLabels:
          {{- include "watchdog.testLabels" . | nindent 10 }}
  ports:
    - {port: http, protocol: TCP}
{{- end }}
{{- with .Values.networkPolicy.ingress.from }}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - {port: {{ $.Values.service.targetPort }}, protocol: TCP}
    {{- if and (ne (toString $.Values.service.targetPort) "http") $.Values.prometheus.podMonitor.enabled }}
    - {port: http, protocol: TCP}
    {{- end }}
    {{- range $.Values.service.extraPorts }}
    - {port: {{ default .port .targetPort }}, protocol: {{ default "TCP" .protocol }}}
    {{- end }}
{{- end }}
{{- with .Values.networkPolicy.ingress.extra }}
{{ toYaml . }}
{{- end }}
{{- end }}
