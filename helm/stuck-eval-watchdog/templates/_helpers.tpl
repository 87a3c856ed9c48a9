{{/* Names, labels, and what several files ask. Each file begins with `watchdog.check`. */}}

{{/* `--reuse-values` brings an older chart's values, without those that came since. */}}
{{- define "watchdog.check" -}}
{{- range list "global" "persistence" "prometheus" "prometheusRule" "networkPolicy" "securityContext" "tests" }}
{{- if not (hasKey $.Values .) }}
{{- fail (printf "%s: missing, as --reuse-values takes the values of an older chart; say --reset-then-reuse-values, or give your values file again" .) }}
{{- end }}
{{- end }}
{{- end }}

{{- define "watchdog.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "watchdog.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "watchdog.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{/* Objects without a namespace: two releases of one name in two namespaces don't collide. */}}
{{- define "watchdog.clusterName" -}}
{{- printf "%s:%s" (include "watchdog.namespace" .) (include "watchdog.fullname" .) }}
{{- end }}

{{- define "watchdog.selectorLabels" -}}
app.kubernetes.io/name: {{ include "watchdog.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Of what is no pod of the service, but belongs to the release. */}}
{{- define "watchdog.commonLabels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ tpl (toYaml .) $ }}
{{- end }}
{{- end }}

{{- define "watchdog.labels" -}}
{{ include "watchdog.commonLabels" . }}
{{ include "watchdog.selectorLabels" . }}
{{- end }}

{{/* Of the pod of `helm test`: the Service must not find it. */}}
{{- define "watchdog.testLabels" -}}
app.kubernetes.io/name: {{ include "watchdog.name" . | trunc 57 }}-tests
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Name, namespace and labels of an object: (list $ suffix). */}}
{{- define "watchdog.metadata" -}}
{{- $root := index . 0 -}}
name: {{ include "watchdog.fullname" $root }}{{ index . 1 }}
namespace: {{ include "watchdog.namespace" $root | quote }}
labels:
  {{- include "watchdog.labels" $root | nindent 2 }}
{{- end }}

{{- define "watchdog.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "watchdog.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "serviceAccount.name: needed where serviceAccount.create is false" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "watchdog.image" -}}
{{- $repository := required "image.repository: say where you pushed the image that the Dockerfile builds" .Values.image.repository }}
{{- with default .Values.image.registry .Values.global.imageRegistry }}
{{- $repository = printf "%s/%s" (trimSuffix "/" .) $repository }}
{{- end }}
{{- if .Values.image.digest }}
{{- printf "%s@%s" $repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" $repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "watchdog.imagePullSecrets" -}}
{{- with concat (default list .Values.global.imagePullSecrets) .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  {{- if kindIs "map" . }}
  - name: {{ .name }}
  {{- else }}
  - name: {{ . }}
  {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Not empty where the ledger is in PostgreSQL. */}}
{{- define "watchdog.usesDatabase" -}}
{{- if or .Values.postgresql.existingSecret (hasPrefix "postgres" (toString .Values.config.state)) -}}
yes
{{- end }}
{{- end }}

{{/* Not empty where several replicas agree by a Lease which of them leads. */}}
{{- define "watchdog.elects" -}}
{{- if gt (int .Values.replicas) 1 }}
{{- if not (include "watchdog.usesDatabase" .) }}
{{- fail "replicas: more than one share their ledger in PostgreSQL; set postgresql.existingSecret, or config.state where the address holds no password" }}
{{- end }}
{{- if or (eq (toString .Values.persistence.enabled) "true") .Values.persistence.existingClaim }}
{{- fail "replicas: more than one can't share a volume; set persistence.enabled to false, and no existingClaim" }}
{{- end -}}
yes
{{- end }}
{{- end }}

{{/* Not empty where the ledger is kept in a volume. */}}
{{- define "watchdog.persists" -}}
{{- $said := toString .Values.persistence.enabled }}
{{- $file := not (or (include "watchdog.elects" .) (include "watchdog.usesDatabase" .)) }}
{{- if or (eq $said "true") (and (eq $said "auto") (or $file .Values.persistence.existingClaim)) -}}
yes
{{- end }}
{{- end }}

{{/* The host of `config.external_url`; of a value's name, where there is none: (list $ name). */}}
{{- define "watchdog.host" -}}
{{- $host := (index . 0).Values.config.external_url | default "" | urlParse | dig "hostname" "" }}
{{- required (printf "%s: name one, or set config.external_url" (index . 1)) $host }}
{{- end }}

{{/* Whether everybody may come in at an address that reaches beyond the cluster: (list $ name). */}}
{{- define "watchdog.exposed" -}}
{{- $root := index . 0 }}
{{- $web := default dict $root.Values.config.web }}
{{- if and (eq (include "watchdog.access" $root) "open") (not (hasKey $web "open")) }}
{{- fail (printf "%s: whoever reaches it would be let in; set config.web.proxy_addresses, config.web.oidc_issuer or web.tokensSecret (docs/access.md), or config.web.open: true on purpose" (index . 1)) }}
{{- end }}
{{- end }}

{{- define "watchdog.subjects" -}}
- kind: ServiceAccount
  name: {{ include "watchdog.serviceAccountName" . }}
  namespace: {{ include "watchdog.namespace" . | quote }}
{{- end }}

{{/* What is read in namespaces. Changes nothing, reads no Secret. */}}
{{- define "watchdog.rules" -}}
- apiGroups: [""]
  resources: [pods, events]
  verbs: [list, watch]
{{- if include "watchdog.readsLogs" . }}
- apiGroups: [""]
  resources: [pods/log]
  verbs: [get]
{{- end }}
- apiGroups: [batch]
  resources: [jobs]
  verbs: [list, watch]
{{- if .Values.rbac.kueue }}
- apiGroups: [kueue.x-k8s.io]
  resources: [workloads]
  verbs: [list, watch]
{{- end }}
{{- if .Values.rbac.metrics }}
- apiGroups: [metrics.k8s.io]
  resources: [pods]
  verbs: [list]
{{- end }}
{{- end }}

{{- define "watchdog.readsLogs" -}}
{{- if dig "kubernetes" "logs" true .Values.config -}}
yes
{{- end }}
{{- end }}

{{/* RFC 7386 on maps, in place: (list into patch). */}}
{{- define "watchdog.mergePatch" -}}
{{- $into := index . 0 }}
{{- range $key, $value := index . 1 }}
{{- if kindIs "invalid" $value }}
{{- $_ := unset $into $key }}
{{- else if kindIs "map" $value }}
{{- if not (kindIs "map" (get $into $key)) }}
{{- $_ := set $into $key dict }}
{{- end }}
{{- include "watchdog.mergePatch" (list (get $into $key) $value) }}
{{- else }}
{{- $_ := set $into $key $value }}
{{- end }}
{{- end }}
{{- end }}
