import { type ExporterModule, endpoint, httpOptions, httpSettings, secret } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { GUID, REGION } from './addresses.ts'
import { LINE_BYTES_MAX } from './encode.ts'
import { Rapid7Exporter } from './send.ts'

const schema = z.strictObject({
  ...httpSettings,
  region: z
    .string()
    .regex(
      REGION,
      'is no region code: write us, us2, us3, eu, ca, au or ap, as your Rapid7 pages have it in their address',
    )
    .optional()
    .meta({
      description:
        'Region code of the account: us, us2, us3, eu, ca, au or ap. Required unless endpoint is set. A wrong one loses every event without an error.',
    }),
  token: secret
    .regex(GUID, "is no GUID: copy it from the last part of the webhook's URL")
    .meta({ description: "Token of the log: the GUID at the end of its webhook's URL.", secret: true }),
  endpoint: endpoint.optional().meta({
    description:
      "In place of the region's webhook host, for gateways. /v1/noformat/ and the token are appended, so the token does not belong here.",
  }),
  api_key: secret.optional().meta({
    description:
      'API key of the account, for doctor only: it proves token and region without sending an event, and finds a canary again. Needs region.',
    secret: true,
  }),
  oversize: z.enum(['trim', 'quarantine']).default('trim').meta({
    description:
      'What to do with an event above 32,767 bytes, which Rapid7 would cut into broken pieces. trim: shortened and marked _truncated. quarantine: not sent, kept in quarantine.',
  }),
  compression: z
    .enum(['none'], { error: 'must be none: whether the webhook reads compressed bodies is not documented' })
    .default('none')
    .meta({ description: 'Compression of request bodies. The webhook takes none.' }),
})

/** Settings of the `rapid7` exporter, parsed. */
export type Rapid7Settings = z.output<typeof schema>

/**
 * `rapid7` for the forwarder's registry: its settings, its lane's defaults, and how it is made. One event is one request,
 * so it takes many at once: the endpoint was measured to take 164 a second over 32 connections without throttling.
 */
export const module: ExporterModule<typeof schema> = {
  type: 'rapid7',
  schema,
  defaults: { records: 1, bytes: LINE_BYTES_MAX, lingerMs: 1000, concurrency: { min: 8, max: 32 } },
  create: (settings) =>
    new Rapid7Exporter({
      region: settings.region,
      token: settings.token,
      endpoint: settings.endpoint,
      apiKey: settings.api_key,
      oversize: settings.oversize,
      http: httpOptions(settings),
    }),
}
