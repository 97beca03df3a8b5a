// `policy aws`: what AWS must allow for a configuration, and no more. On standard output stands what can be given to AWS:
// for one identity its policy, for several each under a heading. What there is to say beside it goes to standard error.
import type { Config } from '../config/schema.ts'
import { SetupError } from '../domain/failures.ts'
import { partitionOf } from '../receiver/aws/partition.ts'
import { type AwsSource, type IdentityPolicy, policiesFor, type Remark, regionIn } from '../receiver/aws/policy.ts'
import { load } from './load.ts'
import type { CommonOptions } from './options.ts'

export interface PolicyOptions extends CommonOptions {
  /** ARNs of KMS keys, each after `RECEIVER=` where there are several receivers. */
  readonly bucketKeys: readonly string[]
  readonly queueKeys: readonly string[]
  /** Whether to leave out what `doctor` alone asks. */
  readonly withoutDoctor: boolean
  /** Print the policy of this identity alone: the ARN of a role, or `process`. */
  readonly only?: string | undefined
}

/** Prints the policies. 0, also where nothing of AWS is used. Throws ConfigError and SetupError. */
export async function policy(options: PolicyOptions): Promise<number> {
  const { config, file } = await load(options)
  const { policies, remarks } = policiesFor(sourcesOf(config, options), {
    region: process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'],
    doctor: !options.withoutDoctor,
    checkpoint: config.service.checkpoint?.s3,
  })
  const chosen = options.only === undefined ? policies : [identityOf(policies, options.only)]
  if (options.json) console.log(JSON.stringify(document(chosen, remarks), null, 2))
  else print(chosen, remarks, file)
  return 0
}

/** The receivers that some pipeline uses and that lie in S3, with the keys they were given. */
function sourcesOf({ receivers, service }: Config, options: PolicyOptions): readonly AwsSource[] {
  const used = new Set(Object.values(service.pipelines).flatMap((pipeline) => pipeline.receivers))
  const found = Object.entries(receivers).flatMap(([id, { store, notifications, imports }]) => {
    if (store.s3 === undefined || !used.has(id)) return []
    return [{ id, store: store.s3, queues: [notifications?.sqs ?? []].flat(), imports: imports?.prefix }]
  })
  const ids = found.map(({ id }) => id)
  const bucketKeys = keysByReceiver('--bucket-key', options.bucketKeys, ids)
  const queueKeys = keysByReceiver('--queue-key', options.queueKeys, ids)
  return found.map((source) => ({
    ...source,
    bucketKeys: bucketKeys.get(source.id) ?? [],
    queueKeys: queueKeys.get(source.id) ?? [],
  }))
}

const keyArn = /^arn:[\w-]+:kms:[a-z0-9-]+:\d{12}:key\/[\w-]+$/

function keysByReceiver(option: string, given: readonly string[], ids: readonly string[]): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  for (const text of given) {
    const [, receiver = ids.length === 1 ? ids[0] : undefined, arn = ''] = /^(?:([^=]+)=)?(.*)$/.exec(text) ?? []
    if (!keyArn.test(arn)) throw new SetupError(`${option} ${text} names no key`, { hint: keyHint(arn) })
    if (receiver === undefined || !ids.includes(receiver)) throw whose(option, text, ids)
    if (arn.split(':')[1] !== partitionOf(regionIn(arn))) {
      throw new SetupError(`${option} ${text}: there is no region ${regionIn(arn)} in ${arn.split(':')[1]}`)
    }
    keys.set(receiver, [...(keys.get(receiver) ?? []), arn])
  }
  return keys
}

function keyHint(arn: string): string {
  if (arn.includes(':alias/')) return 'policies do not follow aliases: write the ARN of the key itself'
  return 'write its ARN: arn:aws:kms:us-east-1:111122223333:key/...'
}

function whose(option: string, text: string, ids: readonly string[]): SetupError {
  if (ids.length === 0) return new SetupError(`${option} ${text}: no receiver reads a bucket of AWS`)
  const arn = text.slice(text.indexOf('=') + 1)
  return new SetupError(`${option} ${text} does not say whose key it is`, {
    hint: `write ${ids.map((id) => `${option} ${id}=${arn}`).join(', or ')}`,
  })
}

function identityOf(policies: readonly IdentityPolicy[], only: string): IdentityPolicy {
  const found = policies.find(({ role }) => (role ?? 'process') === only)
  if (found !== undefined) return found
  const allowed = policies.map(({ role }) => role ?? 'process').join(', ')
  throw new SetupError(`nothing is asked of AWS as ${only}`, allowed === '' ? {} : { hint: `there is ${allowed}` })
}

function document(policies: readonly IdentityPolicy[], remarks: readonly Remark[]): object {
  const identities = policies.map(({ role, receivers, externalId, policy }) => ({
    identity: role ?? 'process',
    receivers,
    ...(externalId === undefined ? {} : { external_id: externalId }),
    policy,
  }))
  return { identities, remarks }
}

function print(policies: readonly IdentityPolicy[], remarks: readonly Remark[], file: string): void {
  for (const { receiver, text } of remarks) console.error(`${receiver}: ${text}`)
  if (policies.length === 0) console.error(`${file} asks nothing of AWS`)
  const alone = policies.length === 1
  const parts = policies.map((one) => {
    const text = JSON.stringify(one.policy, null, 2)
    return alone ? text : `# ${heading(one)}\n${text}`
  })
  if (parts.length > 0) console.log(parts.join('\n\n'))
}

function heading({ role, externalId }: IdentityPolicy): string {
  if (role === undefined) return 'the identity of the process'
  const asking = externalId === undefined ? '' : `, with the external id ${externalId}`
  return `${role}, which must trust the identity of the process${asking}`
}
