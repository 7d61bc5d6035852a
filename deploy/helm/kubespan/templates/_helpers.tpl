{{- define "kubespan.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "kubespan.selector" -}}
app.kubernetes.io/name: kubespan
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "kubespan.labels" -}}
{{ include "kubespan.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "kubespan.identitySecret" -}}
{{ .Values.cluster.existingSecret | default (printf "%s-cluster" .Release.Name) }}
{{- end }}

{{- define "kubespan.discoverySecret" -}}
{{ .Values.discovery.existingSecret | default (printf "%s-discovery-tls" .Release.Name) }}
{{- end }}

{{- /* The documents without the identity, which is in a Secret of its own. A pod puts in the name of its Node. */ -}}
{{- define "kubespan.settings" -}}
{{- $daemon := deepCopy .Values.daemon }}
{{- $own := dict "apiVersion" "v1alpha1" "kind" "KubeSpanDaemonConfig" }}
{{- $_ := set $own "node" (dict "name" "@NODE_NAME@") }}
{{- $_ := set $own "kubernetes" (dict "enabled" true) }}
{{- if .Values.metrics.serviceMonitor.enabled }}
{{- $host := contains ":" .Values.metrics.host | ternary (printf "[%s]" .Values.metrics.host) .Values.metrics.host }}
{{- $_ := set $own "metrics" (dict "listen" (printf "%s:%v" $host .Values.metrics.port) "anyAddress" true) }}
{{- end }}
{{- if ne .Values.discovery.mode "none" }}
{{- $_ := set $own "serviceCAFiles" (dict "kubespan-discovery" "/etc/kubespan/discovery/ca.crt") }}
{{- end -}}
{{ toYaml (merge (dict "apiVersion" "v1alpha1" "kind" "KubeSpanConfig") .Values.kubespan) }}
---
{{ toYaml (merge $own $daemon) }}
{{- range .Values.services }}
---
{{ toYaml (merge (dict "apiVersion" "v1alpha1" "kind" "DiscoveryServiceConfig") .) }}
{{- end }}
{{- if ne .Values.discovery.mode "none" }}
---
{{ toYaml (dict "apiVersion" "v1alpha1" "kind" "DiscoveryServiceConfig" "name" "kubespan-discovery" "endpoint" .Values.discovery.endpoint) }}
{{- end }}
{{- end }}

{{- /* Some runtimes make a folder of the host that is missing, so it is asked for only where Cilium is. */ -}}
{{- define "kubespan.readsCilium" -}}
{{- $setting := toString .Values.ciliumState }}
{{- if eq $setting "true" }}true{{ end }}
{{- if and (eq $setting "auto") (lookup "apps/v1" "DaemonSet" "kube-system" "cilium") }}true{{ end }}
{{- end }}
