import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import { module as clickhouse } from '@circleci-audit-forwarder/exporter-clickhouse'
import { module as console } from '@circleci-audit-forwarder/exporter-console'
import { module as datadog } from '@circleci-audit-forwarder/exporter-datadog'
import { module as file } from '@circleci-audit-forwarder/exporter-file'
import { module as otlpHttp } from '@circleci-audit-forwarder/exporter-otlp-http'
import { module as rapid7 } from '@circleci-audit-forwarder/exporter-rapid7'
import { module as splunkHec } from '@circleci-audit-forwarder/exporter-splunk-hec'

/** Every exporter there is. A new one is its folder and a line here. */
export const exporters: readonly ExporterModule[] = [clickhouse, console, datadog, file, otlpHttp, rapid7, splunkHec]
