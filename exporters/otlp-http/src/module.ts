import type { ExporterModule } from '@circleci-audit-forwarder/contract'
import { config } from './config.ts'
import { OtlpHttpExporter } from './exporter.ts'

/** `otlp_http` for the forwarder's registry. Source of the protocol: https://opentelemetry.io/docs/specs/otlp/#otlphttp. */
export const otlpHttp: ExporterModule<typeof config> = {
  type: 'otlp_http',
  schema: config,
  defaults: { records: 512, bytes: 4 * 1024 * 1024, lingerMs: 1_000, concurrency: { min: 1, max: 4 } },
  create: (settings) => new OtlpHttpExporter(settings),
}
