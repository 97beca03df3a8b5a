// Where the audit log comes from: one store, perhaps queues that announce its objects, and the sweep that finds what
// nobody announced. Credentials have no settings: they come from each cloud's default chain. The one exception is a shared
// access signature of Azure, which can be as narrow as a role and is all that some owners of a container hand out.
import { duration, secret } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { assumed, prefix, s3Place } from './s3.ts'
import { alternatives, filled, startAt, url } from './scalars.ts'
import { quiet, regular, retention, silence } from './stream.ts'

const s3 = s3Place(prefix.prefault('').meta({ description: 'What stands before `year=...` in the keys.' }))

/** A signature that is pasted with the address would be shown wherever the address is. */
const withoutQuery = url.refine((text) => !text.includes('?'), {
  message: 'has a query: write the address alone, without what stands behind the question mark',
})

/** Hosts behind which Azure's services, and what stands in for them, have the account in the path: numbers and emulators. */
const accountInPath = /^(?:localhost|host\.docker\.internal|\d+\.\d+\.\d+\.\d+|\[.*\])$/
const emulatorPort = /^1[01][01]0[0-4]$/

/** Without it, the SDK takes the container or the queue for the account, and finds no name of either. */
const azureEndpoint = withoutQuery.refine(
  (text) => {
    const { hostname, port, pathname } = URL.parse(text) ?? {}
    return (!accountInPath.test(hostname ?? '') && !emulatorPort.test(port ?? '')) || pathname !== '/'
  },
  {
    message: 'has no account: behind such a host it stands in the path, as in http://127.0.0.1:10001/devstoreaccount1',
  },
)

const gcs = z.strictObject({
  bucket: filled.meta({ description: 'Name of the bucket.' }),
  prefix: prefix.prefault('').meta({ description: 'What stands before `year=...` in the names of the objects.' }),
  endpoint: withoutQuery.optional().meta({
    description: 'URL of another endpoint: private, regional, or an emulator. Over plain http no credentials are sent.',
  }),
})

/** How either of Azure's services is reached. */
const azure = (service: 'blob' | 'queue') => ({
  account: z
    .string()
    .regex(/^[a-z0-9]{3,24}$/, 'is no storage account: write its name alone, 3 to 24 lower-case letters and digits')
    .meta({ description: 'Name of the storage account.' }),
  endpoint: azureEndpoint.optional().meta({
    description: `URL of the account's ${service} service in another cloud, or of an emulator. Without it, \`https://<account>.${service}.core.windows.net\`.`,
  }),
  sas_token: secret.optional().meta({
    description:
      'Shared access signature, where no identity can be given. Without it, the identity of the pod or machine (Entra ID).',
  }),
  client_id: filled.optional().meta({
    description: 'Client id of the managed identity to use, where there are several. Without it, `AZURE_CLIENT_ID`.',
  }),
})

const azureBlob = z.strictObject({
  container: filled.meta({ description: 'Name of the container.' }),
  prefix: prefix.prefault('').meta({ description: 'What stands before `year=...` in the names of the blobs.' }),
  ...azure('blob'),
})

const directory = z.strictObject({
  path: filled.meta({ description: 'Folder that holds the objects under their keys.' }),
  prefix: prefix.prefault('').meta({ description: 'Sub-folder to stand in for a prefix.' }),
})

const visibilityTimeout = duration
  .refine((ms) => ms >= 10_000 && ms <= 43_200_000, 'must be from 10s to 12h')
  .prefault('60s')
  .meta({ description: 'How long a message is held before the queue gives it out again.' })

const sqs = z.strictObject({
  queue_url: url.meta({ description: 'URL of the queue that gets the bucket notifications, directly or through SNS.' }),
  region: filled.optional().meta({ description: 'Region of the queue. Without it, the one in its URL.' }),
  endpoint: url.optional().meta({ description: 'URL of an SQS-compatible service. Without it, AWS.' }),
  visibility_timeout: visibilityTimeout,
  ...assumed,
})

const azureQueue = z.strictObject({
  queue: filled.meta({ description: 'Name of the queue that gets the Event Grid events of the container.' }),
  ...azure('queue'),
  visibility_timeout: visibilityTimeout,
})

/** One queue or several; mostly one. */
const oneOrMore = <Queue extends z.ZodType>(queue: Queue) =>
  z.union([queue, z.array(queue).min(1, 'needs a queue').max(10, 'must be at most 10 queues')]).optional()

const sweep = z.strictObject({
  interval: duration
    .refine((ms) => ms >= 1000, 'must be 1s or more')
    .prefault('2m')
    .meta({ description: 'How often the recent hours are listed.' }),
  lookback: duration
    .refine((ms) => ms >= 3_600_000, 'must be 1h or more')
    .prefault('48h')
    .meta({ description: 'How far before the last complete sweep a sweep begins.' }),
})

const imports = z.strictObject({
  prefix: prefix
    .pipe(filled)
    .meta({ description: 'What stands before their names: every object below it is taken for a file to be imported.' }),
  interval: duration
    .refine((ms) => ms >= 10_000, 'must be 10s or more')
    .prefault('5m')
    .meta({ description: 'How often it is looked for new ones.' }),
})

const severity = z.enum(['info', 'warning', 'critical'])

/** One `circleci_audit[/name]`. */
export const receiver = z.strictObject({
  store: alternatives({
    s3: s3.optional().meta({ description: 'Amazon S3, or a service that speaks its protocol.' }),
    gcs: gcs.optional().meta({ description: 'Google Cloud Storage. It is swept; no notifications are read.' }),
    azure_blob: azureBlob.optional().meta({ description: 'A container of Azure Blob Storage.' }),
    directory: directory.optional().meta({ description: 'A folder of this machine.' }),
  }).meta({ description: 'Where the audit objects lie. Exactly one kind.' }),
  notifications: alternatives({
    sqs: oneOrMore(sqs).meta({ description: 'An SQS queue, or a list of them.' }),
    azure_queue: oneOrMore(azureQueue).meta({ description: 'A queue of Azure Queue Storage, or a list of them.' }),
  })
    .optional()
    .meta({ description: 'How new objects are announced. Without it the sweep finds them.' }),
  sweep: sweep.prefault({}).meta({ description: 'The listing that finds every object, announced or not.' }),
  imports: imports.optional().meta({
    description: 'Where in the same store CSV files of the audit log are laid, for the running forwarder to import.',
  }),
  silence: silence.prefault({}).meta({ description: 'How long the stream may be silent.' }),
  quiet: z.array(quiet).default([]).meta({ description: 'Times in which nothing is to be expected.' }),
  expect: z.array(regular).default([]).meta({
    description:
      'Events that come at regular times, such as those of a scheduled pipeline. One that does not come is a gap.',
  }),
  retention: retention.optional(),
  start_at: startAt.prefault('now').meta({
    description: 'First start only: `now`, a time ago like `-7d`, an instant in RFC 3339, or `beginning`.',
  }),
  expect_organization: filled.optional().meta({
    description:
      'Id (better) or name of your organisation. Events that name only others, in `organization`, `scope` and `account`, go to quarantine; until one of yours was found, the receiver is stopped instead.',
  }),
  attributes: z
    .record(filled, z.union([z.string(), z.number(), z.boolean()]))
    .default({})
    .meta({ description: 'Attributes that every record of this receiver gets.' }),
  severity: z.record(filled, severity).default({}).meta({
    description: 'Severity by action, as a glob, where the built-in table does not fit. The first match holds.',
  }),
})

export type ReceiverConfig = z.output<typeof receiver>

/** Receivers by component type. */
export const receivers = { circleci_audit: receiver } as const
