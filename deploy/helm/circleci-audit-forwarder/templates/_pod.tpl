{{/* What the three pods (the forwarder, the check of its configuration, the test) have in common. */}}

{{- define "forwarder.environment" -}}
{{- if or .Values.existingSecret .Values.envFrom -}}
envFrom:
  {{- with .Values.existingSecret }}
  - secretRef:
      name: {{ . }}
  {{- end }}
  {{- with .Values.envFrom }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{ end }}
{{- with .Values.env -}}
env:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}

{{- define "forwarder.mounts" -}}
- name: config
  mountPath: /etc/circleci-audit-forwarder
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- range .Values.secretFiles }}
- name: secret-{{ . }}
  mountPath: /run/secrets/{{ . }}
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Without the configuration's, which differs. */}}
{{- define "forwarder.volumes" -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- range .Values.secretFiles }}
- name: secret-{{ . }}
  secret:
    secretName: {{ . }}
{{- end }}
{{- end -}}

{{/*
The extra volumes that the forwarder's own container mounts: certificates, databases. Those of other containers may name
objects of this release, which are not there yet when the check runs.
*/}}
{{- define "forwarder.mountedVolumes" -}}
{{- $mounted := dict -}}
{{- range .Values.extraVolumeMounts -}}{{- $mounted = set $mounted .name true -}}{{- end -}}
{{- $volumes := list -}}
{{- range .Values.extraVolumes -}}{{- if hasKey $mounted .name -}}{{- $volumes = append $volumes . -}}{{- end -}}{{- end -}}
{{- with $volumes -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{/* A configuration's volume: {{ include "forwarder.configVolume" (dict "root" . "name" ...) }} */}}
{{- define "forwarder.configVolume" -}}
- name: config
  {{- if .root.Values.configFile }}
  secret:
    secretName: {{ .name }}
  {{- else }}
  configMap:
    name: {{ .name }}
  {{- end }}
{{- end -}}

{{- define "forwarder.placement" -}}
{{- $placement := dict -}}
{{- range $name := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" -}}
{{- with get $.Values $name -}}{{- $placement = set $placement $name . -}}{{- end -}}
{{- end -}}
{{- with $placement -}}{{- toYaml . -}}{{- end -}}
{{- end -}}

{{- define "forwarder.pullSecrets" -}}
{{- with .Values.imagePullSecrets -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
