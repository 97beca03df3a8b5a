// The forwarder itself: what it remembers, what it shows, and who feeds whom.
import { duration, secret, size } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { notify } from './notify.ts'
import { prefix, s3Place } from './s3.ts'
import { alternatives, filled, listen } from './scalars.ts'

const ledger = alternatives({
  sqlite: z
    .strictObject({
      path: filled
        .default('/var/lib/circleci-audit-forwarder/ledger.db')
        .meta({ description: 'The database file. Its folder must survive restarts.' }),
    })
    .optional()
    .meta({ description: 'A file on a local disk.' }),
  memory: z.strictObject({}).optional().meta({ description: 'Nothing survives a restart. For trying things out.' }),
})

const checkpoint = z.strictObject({
  s3: s3Place(
    prefix.prefault('circleci-audit-forwarder').meta({
      description:
        'What stands before the keys of the checkpoint. Nothing else may lie there, and the audit log not below it.',
    }),
  ).meta({
    description: 'A bucket in Amazon S3, or in a service that speaks its protocol and heeds conditional writes.',
  }),
  interval: duration
    .refine((ms) => ms >= 5_000, 'must be 5s or more')
    .prefault('5m')
    .meta({
      description:
        'How often the ledger is copied: what was sent since the last copy is sent again if the ledger is lost.',
    }),
  term: duration
    .refine((ms) => ms >= 5_000 && ms <= 3_600_000, 'must be from 5s to 1h')
    .prefault('1m')
    .meta({
      description:
        'How long after its last sign of life an owner that is gone is waited for. It renews four times as often, and stops sending when it could not for three quarters of it.',
    }),
})

const telemetry = z.strictObject({
  metrics: z
    .strictObject({
      endpoint: listen
        .prefault('127.0.0.1:9464')
        .meta({ description: 'Where `/metrics`, `/livez` and `/readyz` are served.' }),
    })
    .prefault({})
    .meta({ description: 'Metrics in the Prometheus format, and probes.' }),
  logs: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .meta({ description: 'The least level to write.' }),
      format: z
        .enum(['auto', 'json', 'text'])
        .default('auto')
        .meta({ description: '`auto` is text on a terminal and JSON elsewhere.' }),
    })
    .prefault({})
    .meta({ description: "The forwarder's own log, on standard error." }),
})

const packageName = z
  .string()
  .regex(
    /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*(\/[\w.-]+)*$/,
    'is no npm package: write a name such as "@acme/exporter-foo"',
  )
const pluginEntry = z.strictObject({
  package: packageName.meta({ description: 'Name of the package.' }),
  export: filled.optional().meta({
    description:
      "What it is exported as; without it `module`, the contract's. May be the class of an OpenTelemetry exporter.",
  }),
  type: z
    .string()
    .regex(/^[a-zA-Z][0-9a-zA-Z_]{0,62}$/, 'is no component type: write letters, digits and _')
    .optional()
    .meta({ description: 'The exporter type it becomes here. Needed for an OpenTelemetry exporter.' }),
})

/** One entry of `plugins`. A name alone is the package. */
export const plugin = z
  .union([packageName, pluginEntry])
  .transform((entry): PluginConfig => (typeof entry === 'string' ? { package: entry } : entry))

/** A package to load, and what of it to use. */
export interface PluginConfig {
  readonly package: string
  readonly export?: string | undefined
  readonly type?: string | undefined
}

const proxy = z
  .string()
  .regex(/^https?:\/\/[^\s/?#]+\/?$/i, 'must be a URL: scheme, host and port, and nothing behind them')

const ids = z.array(z.string())

const pipeline = z.strictObject({
  receivers: ids.min(1, 'needs at least one receiver').meta({ description: 'Ids of the receivers that feed it.' }),
  processors: ids.default([]).meta({ description: 'Ids of the processors, in the order in which they run.' }),
  exporters: ids.min(1, 'needs at least one exporter').meta({ description: 'Ids of the exporters it delivers to.' }),
})

/** `service:`. */
export const service = z.strictObject({
  ledger: ledger.prefault({ sqlite: {} }).meta({ description: 'Where progress is remembered. Exactly one kind.' }),
  checkpoint: checkpoint.optional().meta({
    description:
      'A copy of the ledger outside this machine, for several replicas of which one sends, or for a ledger on no volume.',
  }),
  quarantine: z
    .strictObject({
      max_bytes: size
        .prefault('256MiB')
        .meta({ description: 'Bytes it may hold. A destination stops when it is full.' }),
    })
    .prefault({})
    .meta({ description: 'Records that a destination refused for good.' }),
  imports: z
    .strictObject({
      max_bytes: size
        .prefault('4GiB')
        .meta({ description: 'Bytes that copies of files to be imported may take beside the ledger.' }),
    })
    .prefault({})
    .meta({ description: 'Files that `import` brings.' }),
  deduplication: z
    .strictObject({
      window: duration
        .refine((ms) => ms >= 3_600_000, 'must be 1h or more')
        .prefault('7d')
        .meta({ description: 'How long event ids are remembered, counted back from the oldest undecided object.' }),
    })
    .prefault({})
    .meta({ description: 'Copies that CircleCI makes of its events.' }),
  memory: z
    .strictObject({
      cache: size.prefault('16MiB').meta({ description: 'Decoded events that all exporters share.' }),
      exporter: size.prefault('8MiB').meta({ description: 'Encoded records that each exporter may hold.' }),
    })
    .prefault({})
    .meta({ description: 'Bounds that hold whatever happens.' }),
  admin: z
    .strictObject({
      endpoint: listen
        .prefault('127.0.0.1:8686')
        .meta({ description: 'Where the page and the status API are served.' }),
      token: secret.optional().meta({ description: 'Bearer token that readers must show. Needed beyond loopback.' }),
    })
    .prefault({})
    .meta({ description: 'The status page.' }),
  instance: filled.optional().meta({
    description: "Name of this forwarder among others, in its own records. Default: the host's name.",
  }),
  gaps: z
    .strictObject({
      allowed_lag: duration
        .refine((ms) => ms >= 60_000, 'must be 1m or more')
        .prefault('1h')
        .meta({
          description: 'How old the oldest outstanding object of a destination may be, while it gets no better.',
        }),
    })
    .prefault({})
    .meta({ description: 'What is missing, or may be. What is to be expected of a stream is set at its receiver.' }),
  heartbeat: z
    .strictObject({
      interval: duration
        .refine((ms) => ms >= 10_000, 'must be 10s or more')
        .prefault('5m')
        .meta({ description: 'How often it says so.' }),
    })
    .prefault({})
    .meta({ description: 'The record that tells every destination that the forwarder is alive.' }),
  notify: notify.optional().meta({
    description: 'Where people are told: of each gap when it opens, and when it is over. Without it, nowhere.',
  }),
  telemetry: telemetry.prefault({}).meta({ description: 'What the forwarder says about itself.' }),
  proxy: proxy.optional().meta({
    description:
      'Proxy for every connection: stores, queues, credentials, destinations. In place of HTTPS_PROXY and HTTP_PROXY; NO_PROXY holds. This machine and the metadata service of a cloud are always asked directly.',
    secret: true,
  }),
  ca_file: filled.optional().meta({
    description:
      "PEM file of authorities to trust beside Node's own, for every connection: a private endpoint's, or those of a proxy that looks into TLS. Read again when it changes.",
  }),
  plugins: z
    .array(plugin)
    .default([])
    .meta({ description: 'npm packages with further exporters: a name, or `{ package, export, type }`.' }),
  stop_timeout: duration.prefault('25s').meta({ description: 'Time to finish what is in flight when told to stop.' }),
  pipelines: z.record(z.string(), pipeline).meta({ description: 'Who feeds whom. Keys are `logs` or `logs/<name>`.' }),
})

export type ServiceConfig = z.output<typeof service>
export type PipelineConfig = z.output<typeof pipeline>
