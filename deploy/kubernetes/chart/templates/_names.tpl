{{- define "syncd.name" -}}
{{- $name := ternary .Release.Name (printf "%s-syncd" .Release.Name) (contains "syncd" .Release.Name) }}
{{- $name | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "syncd.selector" -}}
app.kubernetes.io/name: syncd
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "syncd.labels" -}}
{{ include "syncd.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "syncd.account" -}}
{{- .Values.serviceAccount.name | default (ternary (include "syncd.name" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "syncd.image" -}}
{{- $it := .Values.image }}
{{- if $it.digest }}{{ $it.repository }}@{{ $it.digest }}{{ else }}{{ $it.repository }}:{{ $it.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "syncd.secret" -}}
{{- if eq .Values.secrets.from "external" }}{{ include "syncd.name" . }}-secrets{{ else }}{{ .Values.secrets.secret.name }}{{ end }}
{{- end }}
