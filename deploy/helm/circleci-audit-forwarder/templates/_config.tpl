{{/*
The configuration: passed through, and looked into only where the pod depends on it. What it means is the program's to
judge, which the hook Job does.
*/}}

{{/* The file, as text. */}}
{{- define "forwarder.config" -}}
{{- if .Values.configFile -}}
{{- .Values.configFile -}}
{{- else -}}
{{- $config := deepCopy .Values.config -}}
{{- $service := $config.service | default dict -}}
{{- if not $service.pipelines -}}
{{- $all := dict "receivers" (keys ($config.receivers | default dict) | sortAlpha) "exporters" (keys ($config.exporters | default dict) | sortAlpha) -}}
{{- $service = set $service "pipelines" (dict "logs" $all) -}}
{{- end -}}
{{- toYaml (set $config "service" $service) -}}
{{- end -}}
{{- end -}}

{{/* The same as a mapping, to be read with fromYaml. */}}
{{- define "forwarder.parsed" -}}
{{- $parsed := include "forwarder.config" . | fromYaml -}}
{{- if hasKey $parsed "Error" -}}{{- fail (printf "configFile is no YAML: %s" $parsed.Error) -}}{{- end -}}
{{- toYaml $parsed -}}
{{- end -}}

{{- define "forwarder.metricsEndpoint" -}}
{{- include "forwarder.parsed" . | fromYaml | dig "service" "telemetry" "metrics" "endpoint" "127.0.0.1:9464" -}}
{{- end -}}

{{- define "forwarder.metricsPort" -}}
{{- include "forwarder.metricsEndpoint" . | regexFind "[0-9]+$" | default 9464 -}}
{{- end -}}

{{/* `service.stop_timeout` in whole seconds. */}}
{{- define "forwarder.stopSeconds" -}}
{{- $text := include "forwarder.parsed" . | fromYaml | dig "service" "stop_timeout" "25s" -}}
{{- $units := dict "ms" 0.001 "s" 1 "m" 60 "h" 3600 "d" 86400 -}}
{{- $seconds := 0.0 -}}
{{- range regexFindAll "[0-9.]+(ms|s|m|h|d)" $text -1 -}}
{{- $unit := regexFind "[a-z]+" . -}}
{{- $seconds = addf $seconds (mulf (trimSuffix $unit . | float64) (get $units $unit)) -}}
{{- end -}}
{{- ceil $seconds | int -}}
{{- end -}}

{{- define "forwarder.graceSeconds" -}}
{{- $stop := include "forwarder.stopSeconds" . | int -}}
{{- default (add $stop 15) .Values.terminationGracePeriodSeconds -}}
{{- end -}}
