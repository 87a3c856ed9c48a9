{{/* How it is scraped; ServiceMonitor and PodMonitor have the same words for it. */}}
{{- define "watchdog.endpoint" -}}
{{- with .Values.prometheus.monitor.http -}}
path: /metrics
interval: {{ .interval }}
scrapeTimeout: {{ .scrapeTimeout }}
{{- with .scheme }}
scheme: {{ . }}
{{- end }}
{{- with .tlsConfig }}
tlsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .proxyUrl }}
proxyUrl: {{ . | quote }}
{{- end }}
{{- if .honorLabels }}
honorLabels: true
{{- end }}
{{- with .authorization }}
authorization:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .relabelings }}
relabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .metricRelabelings }}
metricRelabelings:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* Metadata of something for monitoring: (list $ value), with its namespace, labels, annotations. */}}
{{- define "watchdog.monitoringMetadata" -}}
{{- $root := index . 0 }}
{{- with index . 1 -}}
name: {{ include "watchdog.fullname" $root }}
namespace: {{ default (include "watchdog.namespace" $root) .namespace | quote }}
labels:
  {{- include "watchdog.labels" $root | nindent 2 }}
  {{- with .additionalLabels }}
  {{- tpl (toYaml .) $root | nindent 2 }}
  {{- end }}
{{- with .annotations }}
annotations:
  {{- tpl (toYaml .) $root | nindent 2 }}
{{- end }}
{{- end }}
{{- end }}

{{/* What both monitors select and limit. */}}
{{- define "watchdog.monitored" -}}
{{- with .Values.prometheus.monitor -}}
{{- if and .namespace (ne .namespace (include "watchdog.namespace" $)) }}
namespaceSelector:
  matchNames: [{{ include "watchdog.namespace" $ | quote }}]
{{- end }}
selector:
  matchLabels:
    {{- include "watchdog.selectorLabels" $ | nindent 4 }}
{{- with .podTargetLabels }}
podTargetLabels:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .jobLabel }}
jobLabel: {{ . }}
{{- end }}
{{- with .sampleLimit }}
sampleLimit: {{ . }}
{{- end }}
{{- end }}
{{- end }}

{{/* What stands for each `%(name)s` of the rules: the table of tools/mixin/settings.py. Where the chart
makes the ServiceMonitor the rules are of this release alone. */}}
{{- define "watchdog.words" -}}
{{- $cluster := .Values.prometheusRule.clusterLabel }}
{{- $selector := .Values.prometheusRule.selector }}
{{- $monitor := .Values.prometheus.monitor }}
{{- if and (not $selector) $monitor.enabled (not $monitor.jobLabel) (not $monitor.http.relabelings) }}
{{- $selector = printf "job=%q, namespace=%q" (include "watchdog.fullname" .) (include "watchdog.namespace" .) }}
{{- end }}
{{- dict
  "selected" (ternary (printf "{%s}" $selector) "" (ne $selector ""))
  "prefixedSelector" (ternary (printf "%s," $selector) "" (ne $selector ""))
  "clusterLabel" $cluster
  "inCluster" (printf "{{ with $labels.%s }} in {{ . }}{{ end }}" $cluster)
  "varCluster" (printf "{{ with $labels.%s }}&var-cluster={{ . | urlquery }}{{ end }}" $cluster)
  "critical" "critical"
  "warning" "warning"
  "info" "info"
  "runbookUrl" "https://runbook.example.org"
  "runbookSuffix" (dig "runbookSuffix" ".md" .Values.prometheusRule)
  "grafanaUrl" "https://grafana.example.org"
  "pageUrl" "https://watchdog.example.org"
  | toYaml }}
{{- end }}

{{/* The groups of rules, by the values. */}}
{{- define "watchdog.groups" -}}
{{- $page := default .Values.config.external_url .Values.prometheusRule.pageUrl | default "" }}
{{- $addresses := dict
  "https://runbook.example.org" .Values.prometheusRule.runbookUrl
  "https://grafana.example.org" .Values.prometheusRule.grafanaUrl
  "https://watchdog.example.org" $page
}}
{{- $groups := list }}
{{- $text := .Files.Get "files/rules.yaml" }}
{{- range $name, $word := include "watchdog.words" . | fromYaml }}
{{- $text = replace (printf "%%(%s)s" $name) $word $text }}
{{- end }}
{{- range ($text | fromYaml).groups }}
{{- $rules := list }}
{{- range .rules }}
{{- if not (get $.Values.prometheusRule.disabled (default "" .alert)) }}
{{- if .alert }}
{{- include "watchdog.alert" (list $ . $addresses) }}
{{- end }}
{{- $rules = append $rules . }}
{{- end }}
{{- end }}
{{- if $rules }}
{{- $groups = append $groups (set . "rules" $rules) }}
{{- end }}
{{- end }}
{{- toYaml (concat $groups .Values.prometheusRule.extraGroups) }}
{{- end }}

{{/* An alert as the values want it, in place: (list $ alert addresses). */}}
{{- define "watchdog.alert" -}}
{{- $root := index . 0 }}
{{- $alert := index . 1 }}
{{- $labels := $alert.labels }}
{{- $_ := set $labels "severity" (default $labels.severity (get $root.Values.prometheusRule.severities $labels.severity)) }}
{{- $_ := set $alert "labels" (mergeOverwrite $labels $root.Values.prometheusRule.additionalRuleLabels) }}
{{- $annotations := dict }}
{{- $addresses := index . 2 }}
{{- range $name, $text := $alert.annotations }}
{{- $leads := true }}
{{- range $placeholder, $address := $addresses }}
{{- if contains $placeholder $text }}
{{- $leads = ne $address "" }}
{{- $text = replace $placeholder (trimSuffix "/" $address) $text }}
{{- end }}
{{- end }}
{{- if $leads }}
{{- $_ := set $annotations $name $text }}
{{- end }}
{{- end }}
{{- $_ := set $alert "annotations" (mergeOverwrite $annotations $root.Values.prometheusRule.additionalRuleAnnotations) }}
{{- end }}
