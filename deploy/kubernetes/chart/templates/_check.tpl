{{/* What helm can see is wrong before anything is installed: values that render, and could not work. */}}
{{- define "syncd.check" -}}
{{- include "syncd.check.register" . }}
{{- include "syncd.check.http" . }}
{{- include "syncd.check.monitoring" . }}
{{- include "syncd.check.secrets" . }}
{{- include "syncd.check.files" . }}
{{- include "syncd.check.egress" . }}
{{- end }}

{{- define "syncd.check.register" -}}
{{- $sqlite := eq (include "syncd.sqlite" .) "yes" }}
{{- $daemons := ternary (include "syncd.replicas" . | int) 1 (eq .Values.mode "daemon") }}
{{- if and $sqlite (gt $daemons 1) }}
{{- fail "replicas: SQLite serves one daemon; set replicas: 1, or a PostgreSQL database in config.database" }}
{{- end }}
{{- if and $sqlite (not .Values.persistence.enabled) }}
{{- fail "persistence.enabled: a SQLite database would be lost with its pod; set it to true" }}
{{- end }}
{{- if and $sqlite (not (contains ":////var/lib/syncd/" (toYaml .Values.config.database))) }}
{{- fail "config.database: only /var/lib/syncd stays; use sqlite:////var/lib/syncd/syncd.db" }}
{{- end }}
{{- if and .Values.persistence.enabled (not $sqlite) (gt $daemons 1) }}
{{- fail "persistence.enabled: one volume serves one pod, and the register is in PostgreSQL; set it to false" }}
{{- end }}
{{- $elsewhere := regexMatch `(url: |database: )"?postgres` (toYaml .Values.config) }}
{{- if and .Values.persistence.enabled $elsewhere (not (contains "/var/lib/syncd/" (toYaml .Values.config))) }}
{{- fail "persistence.enabled: the register is in PostgreSQL, and config names nothing in /var/lib/syncd; set it to false" }}
{{- end }}
{{- end }}

{{- define "syncd.check.http" -}}
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
{{- end }}

{{- define "syncd.check.monitoring" -}}
{{- $http := .Values.config.http | default dict }}
{{- $monitor := .Values.monitoring.serviceMonitor }}
{{- range $name := list "serviceMonitor" "rules" "dashboard" }}
{{- if and (index $.Values.monitoring $name).enabled (eq $.Values.mode "cronjob") }}
{{- fail (printf "monitoring.%s: there is no daemon to ask for metrics; use mode: daemon, or sync --metrics-file" $name) }}
{{- end }}
{{- end }}
{{- if and $monitor.enabled $http.tokens $http.behind_proxy }}
{{- fail "monitoring.serviceMonitor: asks the pods themselves, past config.http.behind_proxy; use http.tlsSecret instead" }}
{{- end }}
{{- if and $monitor.enabled $http.tokens (not $monitor.tokenSecret.name) }}
{{- fail "monitoring.serviceMonitor.tokenSecret: name the Secret of a token with the role metrics" }}
{{- end }}
{{- if and $monitor.enabled (not .Values.service.enabled) }}
{{- fail "monitoring.serviceMonitor: finds the daemons by their Service; set service.enabled: true" }}
{{- end }}
{{- if and $monitor.enabled .Values.networkPolicy.enabled (not .Values.networkPolicy.ingressFrom) }}
{{- fail "networkPolicy.ingressFrom: nobody may ask for metrics; name the namespace Prometheus is in" }}
{{- end }}
{{- end }}

{{- define "syncd.check.secrets" -}}
{{- $secrets := .Values.secrets }}
{{- if and (contains "/run/secrets/syncd/" (toYaml .Values.config)) (eq $secrets.from "none") }}
{{- fail "secrets.from: config names files in /run/secrets/syncd; say where they come from" }}
{{- end }}
{{- if and (eq $secrets.from "secret") (not $secrets.secret.name) }}{{ fail "secrets.secret.name: name the Secret" }}{{ end }}
{{- if and (eq $secrets.from "csi") (not $secrets.csi.secretProviderClass) }}
{{- fail "secrets.csi.secretProviderClass: name the SecretProviderClass" }}
{{- end }}
{{- if and (eq $secrets.from "external") (not (and $secrets.external.store $secrets.external.keys)) }}
{{- fail "secrets.external: name the store, and each file with its key" }}
{{- end }}
{{- range regexFindAll `(?m)^[- ]*(env|credential): [^\s{]+$` (toYaml .Values.config) -1 }}
{{- $reference := trimAll "- " . }}
{{- if not (hasSuffix ": null" $reference) }}
{{- fail (printf "config: %s: a pod has its secrets as files; write { file: /run/secrets/syncd/… }" $reference) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Paths of the pod that config names, and what is mounted there. */}}
{{- define "syncd.check.files" -}}
{{- $files := .Values.files }}
{{- if hasKey $files "syncd.yaml" }}{{ fail "files: syncd.yaml is made of config; write it there" }}{{ end }}
{{- range regexFindAll `(?m)\bca_file: [-._a-zA-Z0-9]+$` (toYaml .Values.config) -1 }}
{{- $name := trimPrefix "ca_file: " . }}
{{- if not (or (eq $name "null") (hasKey $files $name)) }}
{{- fail (printf "files: config names the certificate %s; write it there" $name) }}
{{- end }}
{{- end }}
{{- $external := and (eq .Values.secrets.from "external") .Values.secrets.external.keys }}
{{- range regexFindAll `(?m)(^|[\s"'=])/(etc/syncd|run/secrets)/[-._/a-zA-Z0-9]+` (toYaml .Values.config) -1 }}
{{- $path := regexReplaceAll `^[^/]` . "" }}
{{- $name := base $path }}
{{- if hasPrefix "/etc/syncd/" $path }}
{{- if not (hasKey $files $name) }}{{ fail (printf "files: config names %s; write it there" $path) }}{{ end }}
{{- else if hasPrefix "/run/secrets/syncd/" $path }}
{{- if and $external (not (hasKey $external $name)) }}
{{- fail (printf "secrets.external.keys: config names %s; say which key %s is" $path $name) }}
{{- end }}
{{- else if not (and $.Values.http.tlsSecret (hasPrefix "/run/secrets/syncd-tls/" $path)) }}
{{- fail (printf "config: names %s; secrets lie in /run/secrets/syncd" $path) }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether the ports of the database and of LDAP servers are let through, once something is named. */}}
{{- define "syncd.check.egress" -}}
{{- $ports := list }}
{{- range .Values.networkPolicy.egress }}{{ range .ports }}{{ $ports = append $ports (toString .) }}{{ end }}{{ end }}
{{- if and .Values.networkPolicy.enabled $ports }}
{{- range regexFindAll `(ldaps?|postgres(ql)?)(\+psycopg)?://[^/?\s"']*[^/?\s"'@]` (toYaml .Values.config) -1 }}
{{- $usual := dict "ldap" "389" "ldaps" "636" }}
{{- $port := regexFind `:[0-9]+$` . | trimPrefix ":" | default (get $usual (regexFind `^[a-z]+` .)) | default "5432" }}
{{- if not (has $port $ports) }}
{{- fail (printf "networkPolicy.egress: %s could not be reached; add its addresses, and port %s" (regexReplaceAll `//.*@` . "//") $port) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
