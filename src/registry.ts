// Every exporter there is, under a name that nobody sees: a new one is its folder and a line here.
export { module as clickhouse } from '@circleci-audit-forwarder/exporter-clickhouse'
export { module as console } from '@circleci-audit-forwarder/exporter-console'
export { module as datadog } from '@circleci-audit-forwarder/exporter-datadog'
export { module as file } from '@circleci-audit-forwarder/exporter-file'
export { module as otlpHttp } from '@circleci-audit-forwarder/exporter-otlp-http'
export { module as rapid7 } from '@circleci-audit-forwarder/exporter-rapid7'
export { module as splunkHec } from '@circleci-audit-forwarder/exporter-splunk-hec'
