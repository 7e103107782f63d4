{{/* What the pods of the daemon and of the CronJob have in common: "Restricted", by the Pod Security Standards. */}}
{{- define "syncd.pod" -}}
serviceAccountName: {{ include "syncd.account" . }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .Values.user }}
  runAsGroup: {{ .Values.user }}
  fsGroup: {{ .Values.user }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: config
    configMap:
      name: {{ include "syncd.name" . }}
  - name: tmp
    emptyDir:
      sizeLimit: 256Mi
  {{- if .Values.persistence.enabled }}
  - name: data
    persistentVolumeClaim:
      claimName: {{ .Values.persistence.existingClaim | default (include "syncd.name" .) }}
  {{- end }}
  {{- if eq .Values.secrets.from "csi" }}
  - name: secrets
    csi:
      driver: {{ .Values.secrets.csi.driver }}
      readOnly: true
      volumeAttributes:
        secretProviderClass: {{ .Values.secrets.csi.secretProviderClass }}
  {{- else if ne .Values.secrets.from "none" }}
  - name: secrets
    secret:
      secretName: {{ include "syncd.secret" . }}
      defaultMode: 0440
  {{- end }}
  {{- if and .Values.http.tlsSecret (eq .Values.mode "daemon") }}
  - name: tls
    secret:
      secretName: {{ .Values.http.tlsSecret }}
      defaultMode: 0440
  {{- end }}
{{- end }}

{{- define "syncd.container" -}}
name: syncd
image: {{ include "syncd.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources: {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  - name: config
    mountPath: /etc/syncd
    readOnly: true
  - name: tmp
    mountPath: /tmp
  {{- if .Values.persistence.enabled }}
  - name: data
    mountPath: /var/lib/syncd
  {{- end }}
  {{- if ne .Values.secrets.from "none" }}
  - name: secrets
    mountPath: /run/secrets/syncd
    readOnly: true
  {{- end }}
  {{- if and .Values.http.tlsSecret (eq .Values.mode "daemon") }}
  - name: tls
    mountPath: /run/secrets/syncd-tls
    readOnly: true
  {{- end }}
{{- end }}

{{- define "syncd.podMetadata" -}}
labels: {{- include "syncd.labels" . | nindent 2 }}
  {{- if .Values.workloadIdentity }}
  azure.workload.identity/use: "true"
  {{- end }}
  {{- with .Values.podLabels }}{{ toYaml . | nindent 2 }}{{ end }}
annotations:
  checksum/config: {{ printf "%s%s" (include "syncd.config" .) (toYaml .Values.files) | sha256sum }}
  {{- with .Values.podAnnotations }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end }}
