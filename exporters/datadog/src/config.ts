import { type ExporterModule, endpoint, httpOptions, httpSettings, secret } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { DatadogExporter } from './send.ts'
import { sites } from './sites.ts'

const tag = z
  .string()
  .regex(/^[^\s,]{1,200}$/, 'is no tag: write key:value, at most 200 characters, no comma, no blank')

const schema = z
  .strictObject({
    ...httpSettings,
    site: z.enum(sites).optional().meta({
      description: "The organisation's Datadog site. Needed unless `endpoint` is set; keys are valid on one site only.",
    }),
    endpoint: endpoint.optional().meta({
      description:
        "Where to send in place of the site's own intake: PrivateLink, a gateway, an Observability Pipelines Worker. A path is taken as it is; without one /api/v2/logs is added.",
    }),
    api_key: secret
      .refine((key) => !/^[0-9a-f]{40}$/i.test(key), 'looks like an application key: an API key has 32 digits')
      .meta({ description: 'API key, not an application key.', secret: true }),
    service: z.string().min(1).optional().meta({ description: "`service` of all logs. Default: each record's own." }),
    source: z.string().min(1).optional().meta({
      description:
        "`ddsource` of all logs, by which Datadog chooses a pipeline. Default: circleci for CircleCI's audit events, opentelemetry for other records.",
    }),
    hostname: z.string().min(1).optional().meta({
      description: "`hostname` of all logs. Default: the record's host.name, else the organisation's name.",
    }),
    tags: z.array(tag).max(90).default([]).meta({
      description: 'Tags of all logs, e.g. team:security. Few and of few values: Datadog takes 100 for one log.',
    }),
    late_events: z.enum(['restamp', 'quarantine']).default('restamp').meta({
      description:
        'What becomes of events older than 17 hours, or more than one in the future, when they are sent: Datadog answers 202 and drops what is beyond 18 hours and 2. restamp: filed under the time of arrival, with the tag late:true (or early:true) and their own time in `original_timestamp`. quarantine: refused with the reason.',
    }),
    oversize: z.enum(['trim', 'quarantine']).default('trim').meta({
      description:
        'What becomes of a record above 1 MB, which Datadog would cut without a word. trim: its original text or payload is cut so that it fits, and it gets the tag truncated:true. quarantine: refused with the reason.',
    }),
  })
  .refine((settings) => settings.site !== undefined || settings.endpoint !== undefined, {
    message: `must be set, or \`endpoint\` in its place: one of ${sites.join(', ')}`,
    path: ['site'],
  })

/** Settings of the `datadog` exporter, parsed. */
export type DatadogSettings = z.output<typeof schema>

/** `datadog` for the forwarder's registry: its settings, its lane's defaults, and how it is made. */
export const module: ExporterModule<typeof schema> = {
  type: 'datadog',
  schema,
  defaults: { records: 1000, bytes: 4_250_000, lingerMs: 5000, concurrency: { min: 1, max: 4 } },
  create: (settings) =>
    new DatadogExporter({
      site: settings.site,
      endpoint: settings.endpoint,
      apiKey: settings.api_key,
      service: settings.service,
      source: settings.source,
      hostname: settings.hostname,
      tags: settings.tags,
      lateEvents: settings.late_events,
      oversize: settings.oversize,
      http: httpOptions(settings),
    }),
}
