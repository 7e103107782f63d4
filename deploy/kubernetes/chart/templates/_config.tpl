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
