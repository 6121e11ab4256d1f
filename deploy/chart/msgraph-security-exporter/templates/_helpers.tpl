{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains (include "exporter.name" .) .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "exporter.name" .) | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* The name of the Deployment, or of the StatefulSet: a number is added to it, and a hash that Kubernetes makes a label of. */}}
{{- define "exporter.workload" -}}
{{- if .Values.shards }}{{ include "exporter.fullname" . | trunc 52 | trimSuffix "-" }}{{ else }}{{ include "exporter.fullname" . }}{{ end }}
{{- end }}

{{/* The name of the service. That of shards has another, since a service cannot become one without an address. */}}
{{- define "exporter.service" -}}
{{- if .Values.shards }}{{ include "exporter.workload" . }}-shards{{ else }}{{ include "exporter.fullname" . }}{{ end }}
{{- end }}

{{/* Its port: behind a service without an address there is only that of the pod. */}}
{{- define "exporter.port" -}}
{{- if or .Values.shards .Values.service.headless }}10365{{ else }}{{ .Values.service.port }}{{ end }}
{{- end }}

{{/* The pod that has the tenant of a name: of all hashes of the name and a pod's number that of its own is the largest, so
     that one more pod takes its part of the tenants from the others, and moves no other tenant. */}}
{{- define "exporter.shard" -}}
{{- $best := "" }}
{{- $shard := 0 }}
{{- range until (int .root.Values.shards) }}
{{- $hash := printf "%s/%d" $.name . | sha256sum }}
{{- if gt $hash $best }}
{{- $best = $hash }}
{{- $shard = . }}
{{- end }}
{{- end }}
{{- include "exporter.workload" .root }}-{{ $shard }}
{{- end }}

{{- define "exporter.selector" -}}
app.kubernetes.io/name: {{ include "exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "exporter.labels" -}}
{{ include "exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ include "exporter.name" . | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "exporter.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "exporter.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "exporter.image" -}}
{{- with .Values.image }}
{{- if .digest }}{{ .repository }}@{{ .digest }}{{ else }}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/* The names of the tenants that have a page of their own, one a line. */}}
{{- define "exporter.tenants" -}}
{{- range .Values.config.tenants }}{{ .name }}
{{ end }}
{{- range .Values.tenants }}{{ . }}
{{ end }}
{{- end }}

{{/* Whether there is a configuration file. */}}
{{- define "exporter.configured" -}}
{{- if or .Values.config .Values.existingConfigMap }}yes{{ end }}
{{- end }}

{{/* Whether the one tenant of the flags is served: a file of objectives adds to it. */}}
{{- define "exporter.single" -}}
{{- if not (or .Values.config.tenants .Values.tenants) }}yes{{ end }}
{{- end }}

{{- define "exporter.args" -}}
{{- if .Values.demo }}
- --demo
{{- else if include "exporter.single" . }}
{{- with .Values.graph }}
{{- with .tenantId }}
- --graph.tenant-id={{ . }}
{{- end }}
{{- with .clientId }}
- --graph.client-id={{ . }}
{{- end }}
- --graph.cloud={{ .cloud }}
- --graph.auth-method={{ .authMethod }}
- --graph.requests-per-minute={{ .requestsPerMinute }}
{{- with .endpoint }}
- --graph.endpoint={{ . }}
{{- end }}
{{- with .authority }}
- --graph.authority={{ . }}
{{- end }}
{{- end }}
{{- with .Values.credentials.clientSecretKey }}
- --graph.client-secret-file=/etc/msgraph_security_exporter/credentials/{{ . }}
{{- end }}
{{- with .Values.credentials.clientCertificateKey }}
- --graph.client-certificate-file=/etc/msgraph_security_exporter/credentials/{{ . }}
{{- end }}
{{- end }}
{{- if include "exporter.single" . }}
{{- with .Values.collector }}
- --collector.sweep-interval={{ .sweepInterval }}
- --collector.max-age={{ .maxAge }}
- --collector.min-refresh-interval={{ .minRefreshInterval }}
- --collector.incident-info={{ .incidentInfo }}
{{- with .tags }}
- {{ printf "--collector.tags=%s" (join "," .) | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- if include "exporter.configured" . }}
- --config.file=/etc/msgraph_security_exporter/config/{{ if .Values.shards }}$(SHARD){{ else }}config{{ end }}.yml
{{- end }}
- --web.listen-address=:10365
{{- if .Values.web.existingSecret }}
- --web.config.file=/etc/msgraph_security_exporter/web/web.yml
{{- end }}
{{- if .Values.web.enableLifecycle }}
- --web.enable-lifecycle
{{- end }}
- --log.level={{ .Values.log.level }}
- --log.format={{ .Values.log.format }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{/* How Kubernetes asks whether the exporter is well. One that wants a password or a
     certificate is asked by itself. */}}
{{- define "exporter.probe" -}}
{{- if .root.Values.web.existingSecret -}}
exec:
  command: [/msgraph_security_exporter, --healthcheck, --web.config.file=/etc/msgraph_security_exporter/web/web.yml]
{{- else -}}
httpGet:
  path: {{ .path }}
  port: http
{{- end }}
{{- end }}
