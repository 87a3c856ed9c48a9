{{/* The pod's spec with what `podSpecPatch` changes. */}}
{{- define "watchdog.podSpec" -}}
{{- $spec := include "watchdog.plainPodSpec" . | fromYaml }}
{{- $container := include "watchdog.container" . | fromYaml }}
{{- range list $spec $container }}
{{- if .Error }}
{{- fail (printf "the pod's spec is no YAML any more: %s" .Error) }}
{{- end }}
{{- end }}
{{- include "watchdog.mergePatch" (list $container .Values.containerPatch) }}
{{- $beside := list }}
{{- range .Values.extraContainers }}
{{- $beside = append $beside (tpl (toYaml .) $ | fromYaml) }}
{{- end }}
{{- $_ := set $spec "containers" (prepend $beside $container) }}
{{- include "watchdog.mergePatch" (list $spec .Values.podSpecPatch) }}
{{- toYaml $spec }}
{{- end }}

{{- define "watchdog.plainPodSpec" -}}
serviceAccountName: {{ include "watchdog.serviceAccountName" . }}
automountServiceAccountToken: true
# A Service named watchdog would set WATCHDOG_PORT and the like.
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
{{- include "watchdog.imagePullSecrets" . }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- with .Values.extraInitContainers }}
initContainers:
  {{- tpl (toYaml .) $ | nindent 2 }}
{{- end }}
volumes:
  {{- include "watchdog.volumes" . | nindent 2 }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.topologySpreadConstraints }}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- else }}
{{- if include "watchdog.elects" . }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "watchdog.selectorLabels" . | nindent 8 }}
{{- end }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "watchdog.container" -}}
name: watchdog
image: {{ include "watchdog.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
command: [watchdog]
args: {{ concat (list "run" "--listen" (printf "%s:9464" .Values.listenAddress)) .Values.extraArgs | toJson }}
env:
  {{- include "watchdog.env" . | nindent 2 }}
{{- if or .Values.providers.existingSecret .Values.extraEnvFrom }}
envFrom:
  {{- with .Values.providers.existingSecret }}
  - secretRef:
      name: {{ . }}
  {{- end }}
  {{- with .Values.extraEnvFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}
ports:
  - name: http
    containerPort: 9464
    protocol: TCP
  # for the kubelet alone, however many ask for the page
  - name: probes
    containerPort: 9465
    protocol: TCP
{{- range $probe := list "startupProbe" "livenessProbe" "readinessProbe" }}
{{- with get $.Values $probe }}
{{ $probe }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
securityContext:
  {{- toYaml .Values.containerSecurityContext | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/watchdog
    readOnly: true
  {{- if include "watchdog.secretSources" . }}
  # not a subPath: those are never updated
  - name: secrets
    mountPath: /etc/watchdog-secrets
    readOnly: true
  {{- end }}
  {{- if include "watchdog.middlemanSource" . }}
  - name: middleman
    mountPath: /etc/watchdog-middleman
    readOnly: true
  {{- end }}
  - name: state
    mountPath: /var/lib/watchdog
  - name: tmp
    mountPath: /tmp
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{/* Variables of the container: what is read at the start alone, and what the values add. */}}
{{- define "watchdog.env" -}}
- name: HOME
  value: /tmp
# also for what is called by `kubectl exec`: the same settings, the same ledger
- name: WATCHDOG_CONFIG
  value: /etc/watchdog/config.yaml
{{- if include "watchdog.secretSources" . }}
- name: WATCHDOG_SECRETS_DIR
  value: /etc/watchdog-secrets
{{- end }}
{{- with .Values.postgresql.existingSecret }}
- name: WATCHDOG_STATE
  valueFrom:
    secretKeyRef:
      name: {{ . }}
      key: {{ $.Values.postgresql.existingSecretKey | quote }}
{{- end }}
{{- if include "watchdog.elects" . }}
- name: WATCHDOG_ELECTION_POD
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{- with .Values.aws.existingSecret }}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" "AWS_SESSION_TOKEN" }}
- name: {{ . }}
  valueFrom:
    secretKeyRef:
      name: {{ $.Values.aws.existingSecret }}
      key: {{ . }}
      {{- if eq . "AWS_SESSION_TOKEN" }}
      optional: true
      {{- end }}
{{- end }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "watchdog.volumes" -}}
- name: config
  configMap:
    name: {{ include "watchdog.fullname" . }}
{{- with include "watchdog.secretSources" . }}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
{{- with include "watchdog.middlemanSource" . }}
- name: middleman
  projected:
    defaultMode: 0440
    sources:
      {{- . | nindent 6 }}
{{- end }}
- name: state
  {{- if include "watchdog.persists" . }}
  persistentVolumeClaim:
    claimName: {{ default (include "watchdog.fullname" .) .Values.persistence.existingClaim }}
  {{- else }}
  emptyDir:
    sizeLimit: 1Gi
  {{- end }}
- name: tmp
  emptyDir:
    sizeLimit: 512Mi
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
