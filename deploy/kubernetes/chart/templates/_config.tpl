{{/* syncd.yaml as it is in force: `config`, and where the daemon listens. */}}
{{- define "syncd.config" -}}
{{- $config := deepCopy .Values.config }}
{{- if eq .Values.mode "daemon" }}
{{- $http := dict "listen" (printf "0.0.0.0:%v" .Values.http.port) }}
{{- if .Values.http.tlsSecret }}
{{- $_ := set $http "tls" (dict "certificate" "/run/secrets/syncd-tls/tls.crt" "key" "/run/secrets/syncd-tls/tls.key") }}
{{- end }}
{{- $_ := set $config "http" (mergeOverwrite $http ($config.http | default dict)) }}
{{- end }}
{{- toYaml $config }}
{{- end }}

{{/* "yes" when the register is a file: one daemon at a time, and a volume. */}}
{{- define "syncd.sqlite" -}}
{{- $database := .Values.config.database }}
{{- if kindIs "map" $database }}{{ $database = $database.url | default "" }}{{ end }}
{{- if hasPrefix "sqlite" $database }}yes{{ end }}
{{- end }}

{{- define "syncd.replicas" -}}
{{- if kindIs "invalid" .Values.replicas }}{{ ternary 1 2 (eq (include "syncd.sqlite" .) "yes") }}{{ else }}{{ .Values.replicas }}{{ end }}
{{- end }}

{{- define "syncd.scheme" -}}
{{- ternary "HTTPS" "HTTP" (not (empty (dig "http" "tls" dict (include "syncd.config" . | fromYaml)))) }}
{{- end }}

{{/* Seconds a pod has to end: what the batch in hand may take (schedule.stop_within), and half a minute. */}}
{{- define "syncd.grace" -}}
{{- $text := (.Values.config.schedule | default dict).stop_within | default "25s" | toString }}
{{- $total := 30 }}
{{- range $unit, $seconds := dict "w" 604800 "d" 86400 "h" 3600 "m" 60 "s" 1 }}
{{- $total = add $total (mul $seconds (regexFind (printf "[0-9]+%s" $unit) $text | trimSuffix $unit | int)) }}
{{- end }}
{{- $total }}
{{- end }}

{{/* What helm can see is wrong before anything is installed. */}}
{{- define "syncd.check" -}}
{{- $sqlite := eq (include "syncd.sqlite" .) "yes" }}
{{- if and $sqlite (gt (include "syncd.replicas" . | int) 1) }}
{{- fail "replicas: SQLite serves one daemon; set replicas: 1, or a PostgreSQL database in config.database" }}
{{- end }}
{{- if and $sqlite (not .Values.persistence.enabled) }}
{{- fail "persistence.enabled: a SQLite database would be lost with its pod; set it to true" }}
{{- end }}
{{- if and $sqlite (not (contains ":////var/lib/syncd/" (toYaml .Values.config.database))) }}
{{- fail "config.database: only /var/lib/syncd stays; use sqlite:////var/lib/syncd/syncd.db" }}
{{- end }}
{{- $http := .Values.config.http | default dict }}
{{- if and $http.tokens (not (or .Values.http.tlsSecret $http.tls $http.behind_proxy)) }}
{{- fail "config.http.tokens: would travel in the clear; set http.tlsSecret, or config.http.behind_proxy" }}
{{- end }}
{{- if and $http.listen (not (hasSuffix (printf ":%v" .Values.http.port) $http.listen)) }}
{{- fail "config.http.listen: has another port than http.port" }}
{{- end }}
{{- if and (eq .Values.mode "daemon") (regexMatch `^(127\.|\[::1\]|localhost:)` ($http.listen | default "")) }}
{{- fail "config.http.listen: probes come from outside the pod, and would never reach it; leave it out" }}
{{- end }}
{{- if and .Values.persistence.enabled (not $sqlite) (gt (include "syncd.replicas" . | int) 1) }}
{{- fail "persistence.enabled: one volume serves one pod, and the register is in PostgreSQL; set it to false" }}
{{- end }}
{{- $monitor := .Values.monitoring.serviceMonitor }}
{{- if and $monitor.enabled (eq .Values.mode "cronjob") }}
{{- fail "monitoring.serviceMonitor: there is no daemon to ask for metrics; use mode: daemon, or sync --metrics-file" }}
{{- end }}
{{- if and $monitor.enabled $http.tokens $http.behind_proxy }}
{{- fail "monitoring.serviceMonitor: asks the pods themselves, past config.http.behind_proxy; use http.tlsSecret instead" }}
{{- end }}
{{- if and $monitor.enabled $http.tokens (not $monitor.tokenSecret.name) }}
{{- fail "monitoring.serviceMonitor.tokenSecret: name the Secret of a token with the role metrics" }}
{{- end }}
{{- if hasKey .Values.files "syncd.yaml" }}{{ fail "files: syncd.yaml is made of config; write it there" }}{{ end }}
{{- $from := .Values.secrets.from }}
{{- if and (contains "/run/secrets/syncd/" (toYaml .Values.config)) (eq $from "none") }}
{{- fail "secrets.from: config names files in /run/secrets/syncd; say where they come from" }}
{{- end }}
{{- if and (eq $from "secret") (not .Values.secrets.secret.name) }}{{ fail "secrets.secret.name: name the Secret" }}{{ end }}
{{- if and (eq $from "csi") (not .Values.secrets.csi.secretProviderClass) }}
{{- fail "secrets.csi.secretProviderClass: name the SecretProviderClass" }}
{{- end }}
{{- if and (eq $from "external") (not (and .Values.secrets.external.store .Values.secrets.external.keys)) }}
{{- fail "secrets.external: name the store, and each file with its key" }}
{{- end }}
{{- if and .Values.monitoring.serviceMonitor.enabled (not .Values.service.enabled) }}
{{- fail "monitoring.serviceMonitor: finds the daemons by their Service; set service.enabled: true" }}
{{- end }}
{{- end }}
