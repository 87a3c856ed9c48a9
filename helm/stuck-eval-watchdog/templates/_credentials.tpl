{{/* Which Secret's key is which setting. They are files: what is rotated is taken up without a restart. */}}
{{- define "watchdog.credentials" -}}
- {variable: WATCHDOG_SLACK_WEBHOOK_URL, secret: {{ include "watchdog.slackSecret" . | quote }}, key: {{ .Values.slack.existingSecretKey | quote }}}
- {variable: WATCHDOG_SLACK_BOT_TOKEN, secret: {{ .Values.slack.botTokenSecret | quote }}, key: {{ .Values.slack.botTokenSecretKey | quote }}}
- {variable: WATCHDOG_SLACK_APP_TOKEN, secret: {{ .Values.slack.appTokenSecret | quote }}, key: {{ .Values.slack.appTokenSecretKey | quote }}}
- {variable: WATCHDOG_PAGERDUTY_ROUTING_KEY, secret: {{ .Values.pagerduty.existingSecret | quote }}, key: {{ .Values.pagerduty.existingSecretKey | quote }}}
- {variable: WATCHDOG_WEBHOOK_URL, secret: {{ .Values.webhook.existingSecret | quote }}, key: {{ .Values.webhook.existingSecretKey | quote }}}
- {variable: WATCHDOG_WEBHOOK_TOKEN, secret: {{ .Values.webhook.tokenSecret | quote }}, key: {{ .Values.webhook.tokenSecretKey | quote }}}
- {variable: WATCHDOG_WEBHOOK_SECRET, secret: {{ .Values.webhook.signingSecret | quote }}, key: {{ .Values.webhook.signingSecretKey | quote }}}
- {variable: WATCHDOG_HEARTBEAT_URL, secret: {{ .Values.heartbeat.existingSecret | quote }}, key: {{ .Values.heartbeat.existingSecretKey | quote }}}
- {variable: WATCHDOG_CANARY_URL, secret: {{ .Values.canary.existingSecret | quote }}, key: {{ .Values.canary.existingSecretKey | quote }}}
- {variable: WATCHDOG_CANARY_TOKEN, secret: {{ .Values.canary.tokenSecret | quote }}, key: {{ .Values.canary.tokenSecretKey | quote }}}
- {variable: WATCHDOG_NOTIFY_SHADOW_URL, secret: {{ .Values.shadow.existingSecret | quote }}, key: {{ .Values.shadow.existingSecretKey | quote }}}
- {variable: WATCHDOG_WEB_TOKENS, secret: {{ .Values.web.tokensSecret | quote }}, key: {{ .Values.web.tokensSecretKey | quote }}}
- {variable: WATCHDOG_WEB_STAND_IN_KEY, secret: {{ .Values.web.standInKeySecret | quote }}, key: {{ .Values.web.standInKeySecretKey | quote }}}
{{- end }}

{{/* The sources of the volume with them; empty where there is none. */}}
{{- define "watchdog.secretSources" -}}
{{- with .Values.secretFiles.existingSecret }}
- secret:
    name: {{ . }}
{{- end }}
{{- range include "watchdog.credentials" . | fromYamlArray }}
{{- if .secret }}
- secret:
    name: {{ .secret }}
    items:
      - key: {{ .key | quote }}
        path: {{ .variable }}
{{- end }}
{{- end }}
{{- end }}

{{- define "watchdog.slackSecret" -}}
{{- if and .Values.slack.existingSecret .Values.slack.webhookUrl }}
{{- fail "slack: set existingSecret or webhookUrl, not both" }}
{{- end }}
{{- if .Values.slack.webhookUrl }}
{{- include "watchdog.fullname" . }}-slack
{{- else }}
{{- .Values.slack.existingSecret }}
{{- end }}
{{- end }}

{{/* Where Middleman's token comes from; empty where from nowhere. */}}
{{- define "watchdog.middlemanSource" -}}
{{- $audience := .Values.middleman.serviceAccountToken.audience }}
{{- if and .Values.middleman.existingSecret $audience }}
{{- fail "middleman: set existingSecret or serviceAccountToken.audience, not both" }}
{{- end }}
{{- with .Values.middleman.existingSecret }}
- secret:
    name: {{ . }}
    items:
      - key: {{ $.Values.middleman.existingSecretKey | quote }}
        path: token
{{- end }}
{{- with $audience }}
- serviceAccountToken:
    audience: {{ . | quote }}
    expirationSeconds: {{ $.Values.middleman.serviceAccountToken.expirationSeconds }}
    path: token
{{- end }}
{{- end }}

{{/* What is secret stands in no ConfigMap. */}}
{{- define "watchdog.refuseSecrets" -}}
{{- $kept := dict
  "slack" (dict "webhook_url" "slack.existingSecret or slack.webhookUrl" "bot_token" "slack.botTokenSecret" "app_token" "slack.appTokenSecret")
  "pagerduty" (dict "routing_key" "pagerduty.existingSecret")
  "webhook" (dict "url" "webhook.existingSecret" "token" "webhook.tokenSecret" "secret" "webhook.signingSecret")
  "heartbeat" (dict "url" "heartbeat.existingSecret")
  "canary" (dict "url" "canary.existingSecret" "token" "canary.tokenSecret")
  "notify" (dict "shadow_url" "shadow.existingSecret")
  "probes" (dict "middleman_token" "middleman.existingSecret")
  "web" (dict "tokens" "web.tokensSecret" "stand_in_key" "web.standInKeySecret")
}}
{{- range $group, $keys := $kept }}
{{- range $key, $instead := $keys }}
{{- if dig $group $key "" $.Values.config }}
{{- fail (printf "config.%s.%s: a secret; set %s instead" $group $key $instead) }}
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $provider := dig "probes" "providers" dict .Values.config }}
{{- if $provider.key }}
{{- fail (printf "config.probes.providers.%s.key: a secret; set key_env, and the variable in providers.existingSecret" $name) }}
{{- end }}
{{- end }}
{{- if regexMatch "://[^/@]*:[^/]*@" (toString .Values.config.state) }}
{{- fail "config.state: its password is a secret; set postgresql.existingSecret instead" }}
{{- end }}
{{- end }}
