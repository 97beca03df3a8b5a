import { type ExporterModule, httpOptions, httpSettings, secret } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { SplunkHecExporter } from './send.ts'

const schema = z.strictObject({
  ...httpSettings,
  endpoint: z.url({ protocol: /^https?$/, error: 'is no http or https URL' }).meta({
    description:
      'Base URL of the HTTP Event Collector, e.g. https://http-inputs-acme.splunkcloud.com. A path is taken as it is; without one /services/collector/event is added.',
  }),
  token: secret.meta({ description: 'HEC token.', secret: true }),
  index: z.string().min(1).optional().meta({ description: "Target index. Default: the token's own." }),
  source: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Source of the events. Default: the record's service.name." }),
  sourcetype: z.string().min(1).optional().meta({
    description:
      "Source type. Default: circleci:audit for CircleCI's audit events, circleci:audit:forwarder for the forwarder's own records, the token's own for others.",
  }),
  host: z.string().min(1).optional().meta({
    description: "Host of the events. Default: the record's host.name, else the organisation's name.",
  }),
  ack: z.enum(['auto', 'required', 'off']).default('auto').meta({
    description:
      'Indexer acknowledgement. auto: used if the token has it. required: stop if it has not. off: HTTP 200 is taken for delivered.',
  }),
  trust_event_number: z.boolean().default(false).meta({
    description:
      'After a refusal of one event, do not send again what came before it in the request. Fewer repeats; loses events on servers that store nothing of such a request.',
  }),
  compression: z
    .enum(['gzip', 'none'], { error: 'must be gzip or none: the HTTP Event Collector answers 415 to anything else' })
    .default('gzip')
    .meta({ description: 'Compression of request bodies. The collector takes gzip only.' }),
})

/** Settings of the `splunk_hec` exporter, parsed. */
export type SplunkHecSettings = z.output<typeof schema>

/** `splunk_hec` for the forwarder's registry: its settings, its lane's defaults, and how it is made. */
export const module: ExporterModule<typeof schema> = {
  type: 'splunk_hec',
  schema,
  defaults: { records: 500, bytes: 1_000_000, lingerMs: 5000, concurrency: { min: 1, max: 4 } },
  create: (settings) =>
    new SplunkHecExporter({
      endpoint: settings.endpoint,
      token: settings.token,
      envelope: {
        host: settings.host,
        source: settings.source,
        sourcetype: settings.sourcetype,
        index: settings.index,
      },
      ack: settings.ack,
      trustEventNumber: settings.trust_event_number,
      http: httpOptions(settings),
    }),
}
