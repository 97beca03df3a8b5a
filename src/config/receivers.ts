// Where the audit log comes from: one store, perhaps a queue that announces its objects, and the sweep that finds
// what nobody announced. Credentials have no settings: they come from the AWS SDK's default chain.
import { duration } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { alternatives, filled, startAt, url } from './scalars.ts'

const roleArn = z
  .string()
  .regex(/^arn:[\w-]+:iam::\d{12}:role\/\S+$/, 'is no role: write arn:aws:iam::111122223333:role/name')
const prefix = z.string().transform((text) => text.replace(/^\/+|\/+$/g, ''))

const assumed = {
  role_arn: roleArn.optional().meta({ description: 'Role to assume with the credentials of the default chain.' }),
  external_id: filled.optional().meta({ description: 'External id that the role asks for.' }),
}

const s3 = z.strictObject({
  bucket: filled.meta({ description: 'Name of the bucket.' }),
  prefix: prefix.prefault('').meta({ description: 'What stands before `year=...` in the keys.' }),
  region: filled.optional().meta({ description: "Region of the bucket. Without it, the SDK's own (`AWS_REGION`)." }),
  endpoint: url.optional().meta({ description: 'URL of an S3-compatible service. Without it, AWS.' }),
  force_path_style: z
    .boolean()
    .default(false)
    .meta({ description: 'Put the bucket into the path, not into the host name; most compatible services need it.' }),
  ...assumed,
  expected_bucket_owner: z
    .string()
    .regex(/^\d{12}$/, 'is no account: write its 12 digits, in quotes')
    .optional()
    .meta({ description: 'Account that must own the bucket; requests to a bucket of another one fail.' }),
})

const directory = z.strictObject({
  path: filled.meta({ description: 'Folder that holds the objects under their keys.' }),
  prefix: prefix.prefault('').meta({ description: 'Sub-folder to stand in for a prefix.' }),
})

const sqs = z.strictObject({
  queue_url: url.meta({ description: 'URL of the queue that gets the bucket notifications, directly or through SNS.' }),
  region: filled.optional().meta({ description: 'Region of the queue. Without it, the one in its URL.' }),
  endpoint: url.optional().meta({ description: 'URL of an SQS-compatible service. Without it, AWS.' }),
  visibility_timeout: duration
    .refine((ms) => ms >= 10_000 && ms <= 43_200_000, 'must be from 10s to 12h')
    .prefault('60s')
    .meta({ description: 'How long a message is held before the queue gives it out again.' }),
  ...assumed,
})

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

const severity = z.enum(['info', 'warning', 'critical'])

/** One `circleci_audit[/name]`. */
export const receiver = z.strictObject({
  store: alternatives({
    s3: s3.optional().meta({ description: 'Amazon S3, or a service that speaks its protocol.' }),
    directory: directory.optional().meta({ description: 'A folder of this machine.' }),
  }).meta({ description: 'Where the audit objects lie. Exactly one kind.' }),
  notifications: alternatives({ sqs: sqs.optional().meta({ description: 'An SQS queue.' }) })
    .optional()
    .meta({ description: 'How new objects are announced. Without it the sweep finds them.' }),
  sweep: sweep.prefault({}).meta({ description: 'The listing that finds every object, announced or not.' }),
  start_at: startAt.prefault('now').meta({
    description: 'First start only: `now`, a time ago like `-7d`, an instant in RFC 3339, or `beginning`.',
  }),
  expect_organization: filled.optional().meta({
    description:
      'Id (better) or name of your organisation. Events that name only others, in `organization`, `scope` and `account`, go to quarantine.',
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
