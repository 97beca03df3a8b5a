import { endpoint, httpSettings } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'

/**
 * Every option of `otlp_http`. Of the encodings a receiver must take `proto`, of the compressions `gzip`.
 * Source: https://opentelemetry.io/docs/specs/otlp/#protocol-details and #otlphttp-request there.
 */
export const config = z.strictObject({
  ...httpSettings,
  endpoint: endpoint.meta({
    description:
      'Base URL of the receiver, e.g. http://otel-collector:4318. /v1/logs is appended; a URL with a path is used as it is. A key in its query is treated as a secret.',
  }),
  encoding: z
    .enum(['json', 'proto'])
    .default('json')
    .meta({ description: 'Form of the request body. Any receiver takes proto, nearly all take json.' }),
  original: z
    .boolean()
    .default(true)
    .meta({ description: "Send the event's original text as attribute log.record.original." }),
})

/** What the settings parse to. */
export type OtlpHttpSettings = z.output<typeof config>

/**
 * Where to post: OTLP/HTTP appends the signal's path to a base URL and takes any other URL as it is.
 * Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp.
 */
export function logsUrl(base: string): string {
  const url = new URL(base)
  if (url.pathname === '/') url.pathname = '/v1/logs'
  return url.href
}
