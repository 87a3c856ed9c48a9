{{/* The configuration file. */}}
{{- define "watchdog.config" -}}
{{- include "watchdog.refuseSecrets" . }}
{{- $config := deepCopy .Values.config }}
{{- $kubernetes := default dict $config.kubernetes }}
{{- if not $kubernetes.store }}
{{- fail "config.kubernetes.store: say where an eval set's logs are, e.g. s3://bucket/evals/{eval_set_id}" }}
{{- end }}
{{- if $kubernetes.namespaces }}
{{- fail "config.kubernetes.namespaces: set `namespaces` instead, which makes the roles too" }}
{{- end }}
{{- if .Values.namespaces }}
{{- $_ := set $kubernetes "namespaces" .Values.namespaces }}
{{- end }}
{{- if and .Values.slack.botTokenSecret (not (dig "slack" "channel" "" $config)) }}
{{- fail "config.slack.channel: say where the bot of slack.botTokenSecret posts" }}
{{- end }}
{{- if and .Values.slack.appTokenSecret (not (or .Values.slack.botTokenSecret .Values.secretFiles.existingSecret)) }}
{{- fail "slack.appTokenSecret: buttons are the bot's; set slack.botTokenSecret too" }}
{{- end }}
{{- if include "watchdog.middlemanSource" . }}
{{- $probes := default dict $config.probes }}
{{- if not $probes.middleman_url }}
{{- fail "config.probes.middleman_url: say where Middleman is that the token of `middleman` is for" }}
{{- end }}
{{- $_ := set $probes "middleman_token_file" "/etc/watchdog-middleman/token" }}
{{- end }}
{{- range $key := list "enabled" "lease" "namespace" "pod" }}
{{- if hasKey (default dict $config.election) $key }}
{{- fail (printf "config.election.%s: the chart sets it, where `replicas` is more than 1" $key) }}
{{- end }}
{{- end }}
{{- if include "watchdog.elects" . }}
{{- $own := dict "enabled" true "lease" (include "watchdog.fullname" .) "namespace" (include "watchdog.namespace" .) }}
{{- $_ := set $config "election" (merge $own (default dict $config.election)) }}
{{- end }}
{{- $_ := set $config "web" (include "watchdog.web" . | fromYaml) }}
{{- toYaml $config }}
{{- end }}

{{/* Who may ask, and by which names. */}}
{{- define "watchdog.web" -}}
{{- $web := deepCopy (default dict .Values.config.web) }}
{{- if and (eq (include "watchdog.access" .) "open") (not (hasKey $web "open")) }}
{{- $_ := set $web "open" true }}
{{- end }}
{{- $service := include "watchdog.fullname" . }}
{{- $namespaced := printf "%s.%s" $service (include "watchdog.namespace" .) }}
{{- $names := list $service $namespaced (printf "%s.svc" $namespaced) (printf "%s.svc.cluster.local" $namespaced) }}
{{- if .Values.ingress.enabled }}
{{- range .Values.ingress.hosts }}
{{- $names = append $names .host }}
{{- end }}
{{- end }}
{{- if .Values.httpRoute.enabled }}
{{- $names = concat $names .Values.httpRoute.hostnames }}
{{- end }}
{{- $_ := set $web "hosts" (concat $names (default list $web.hosts) | uniq) }}
{{- $_ := set $web "probes_listen" (default (printf "%s:9465" .Values.listenAddress) $web.probes_listen) }}
{{- toYaml $web }}
{{- end }}

{{/* How it is told who asks: `proxy`, `oidc`, `tokens`; `open` where it isn't. */}}
{{- define "watchdog.access" -}}
{{- $web := default dict .Values.config.web }}
{{- $ways := list }}
{{- if $web.proxy_addresses }}
{{- $ways = append $ways "proxy" }}
{{- end }}
{{- if $web.oidc_issuer }}
{{- $ways = append $ways "oidc" }}
{{- end }}
{{- if .Values.web.tokensSecret }}
{{- $ways = append $ways "tokens" }}
{{- end }}
{{- default "open" (join "," $ways) }}
{{- end }}
