{{/*
What would install and then not work, or lose something, and which neither the schema nor the program can see: refused
in words, before anything is changed.
*/}}
{{- define "forwarder.checks" -}}
{{- include "forwarder.checks.given" . -}}
{{- include "forwarder.checks.order" . -}}
{{- $config := include "forwarder.parsed" . | fromYaml -}}
{{- $endpoint := include "forwarder.metricsEndpoint" . -}}
{{- if regexMatch "^(localhost|127\\.|\\[::1\\])" $endpoint -}}
{{- fail (printf "service.telemetry.metrics.endpoint is %s: probes and Prometheus come to the pod's address. Write 0.0.0.0:9464" $endpoint) -}}
{{- end -}}
{{- $ledger := dig "service" "ledger" dict $config -}}
{{- if and (hasKey $ledger "memory") .Values.persistence.enabled -}}
{{- fail "service.ledger.memory forgets everything with the pod. Leave service.ledger out, or set persistence.enabled=false" -}}
{{- end -}}
{{- $home := include "forwarder.home" . -}}
{{- $path := dig "sqlite" "path" (printf "%s/ledger.db" $home) $ledger -}}
{{- if not (hasPrefix (printf "%s/" $home) $path) -}}
{{- fail (printf "service.ledger.sqlite.path is %s: the ledger's volume is mounted at %s. Leave the path out" $path $home) -}}
{{- end -}}
{{- if le (include "forwarder.graceSeconds" . | int) (include "forwarder.stopSeconds" . | int) -}}
{{- fail (printf "terminationGracePeriodSeconds must be more than service.stop_timeout (%s s), or what is in flight is cut off" (include "forwarder.stopSeconds" .)) -}}
{{- end -}}
{{- end -}}

{{- define "forwarder.checks.given" -}}
{{- if .Values.configFile -}}
{{- if or .Values.config.receivers .Values.config.exporters -}}
{{- fail "config and configFile are both given: one of them says what the forwarder does" -}}
{{- end -}}
{{- else if not .Values.config.receivers -}}
{{- fail "config.receivers is empty: say where CircleCI writes the audit log, e.g. config.receivers.circleci_audit.store.s3: { bucket: acme-circleci-audit, region: us-east-1 }" -}}
{{- else if not .Values.config.exporters -}}
{{- fail "config.exporters is empty: name at least one destination, e.g. config.exporters.otlp_http: { endpoint: \"http://otel-collector:4318\" }" -}}
{{- end -}}
{{- end -}}

{{/* Helm sorts the keys of a mapping, and in `severity` the first glob that matches holds. */}}
{{- define "forwarder.checks.order" -}}
{{- if not .Values.configFile -}}
{{- $ordered := dict -}}
{{- range $id, $receiver := .Values.config.receivers -}}
{{- $_ := set $ordered (printf "config.receivers.%s.severity" $id) (dig "severity" dict $receiver) -}}
{{- end -}}
{{- range $id, $processor := .Values.config.processors -}}
{{- if regexMatch "^severity(/|$)" $id -}}
{{- $_ := set $ordered (printf "config.processors.%s.set" $id) (dig "set" dict $processor) -}}
{{- end -}}
{{- end -}}
{{- range $path, $globs := $ordered -}}
{{- if and (gt (len $globs) 1) (regexMatch "[*?]" (keys $globs | join " ")) -}}
{{- fail (printf "%s: the first glob that matches holds, and Helm does not keep the order. Give the configuration as text, with --set-file configFile=config.yaml" $path) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
