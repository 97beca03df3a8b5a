// The least that AWS must allow for a configuration, by who asks: the process itself, and each role it is told to become.
// Pure. Nothing is widened for convenience: listing is allowed below the prefix alone (which is why a 403 is looked into,
// see s3/absence.ts), and keys may be used through the one service that needs them. A key is in it only where somebody says
// that there is one, because a bucket does not tell whoever may not ask.

import type { S3Settings } from '../s3/client.ts'
import type { SqsSettings } from '../sqs/queue.ts'
import { isAws, partitionOf, type QueuePlace, queuePlace, regionOf, suffixOf } from './partition.ts'
import { actionsOf, type StatementName } from './permissions.ts'

/** One receiver, as far as AWS is concerned. */
export interface AwsSource {
  /** The receiver's id. */
  readonly id: string
  readonly store: S3Settings
  readonly queues: readonly SqsSettings[]
  /** Where in the bucket files to be imported are laid. */
  readonly imports?: string | undefined
  /** ARNs of the KMS keys that encrypt the bucket's objects and the queues' messages. */
  readonly bucketKeys: readonly string[]
  readonly queueKeys: readonly string[]
}

export interface PolicyOptions {
  /** Where the environment says that the process lies, for stores that name no region. */
  readonly region: string | undefined
  /** Whether to allow what `doctor` alone asks. */
  readonly doctor: boolean
  /** Where the checkpoint lies. */
  readonly checkpoint?: S3Settings | undefined
}

export interface Statement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Action: readonly string[]
  readonly Resource: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** What one identity needs. */
export interface IdentityPolicy {
  /** ARN of the role; undefined for the process's own identity. */
  readonly role: string | undefined
  /** Receivers whose stores or queues are used as this identity. */
  readonly receivers: readonly string[]
  /** What the role's trust policy must ask for, where the configuration names it. */
  readonly externalId: string | undefined
  readonly policy: { readonly Version: '2012-10-17'; readonly Statement: readonly Statement[] }
}

/** What AWS need not allow, because it is not AWS that is asked, or what cannot be told; in words. */
export interface Remark {
  readonly receiver: string
  readonly text: string
}

/** A statement and who needs it for which receiver. */
interface Grant {
  readonly role: string | undefined
  readonly externalId: string | undefined
  /** Undefined for the checkpoint. */
  readonly receiver: string | undefined
  readonly statement: Statement
}

/** One policy for each identity: the process's own first, then the roles in the order of the configuration. */
export function policiesFor(
  sources: readonly AwsSource[],
  options: PolicyOptions,
): { readonly policies: readonly IdentityPolicy[]; readonly remarks: readonly Remark[] } {
  const grants = [
    ...sources.flatMap((source) => [...bucketGrants(source, options), ...queueGrants(source)]),
    ...checkpointGrants(options),
  ]
  const roles = [...new Set(grants.flatMap(({ role }) => role ?? []))]
  const own = grants.filter(({ role }) => role === undefined)
  const becoming = roles.length === 0 ? [] : [statement('BecomeRoles', roles)]
  const process = identity(undefined, own, becoming)
  const others = roles.map((role) =>
    identity(
      role,
      grants.filter((grant) => grant.role === role),
    ),
  )
  const all = [process, ...others].filter(({ policy }) => policy.Statement.length > 0)
  return { policies: all, remarks: sources.flatMap(remarksOf) }
}

function identity(role: string | undefined, grants: readonly Grant[], more: readonly Statement[] = []): IdentityPolicy {
  return {
    role,
    receivers: [...new Set(grants.flatMap(({ receiver }) => receiver ?? []))],
    externalId: grants.find(({ externalId }) => externalId !== undefined)?.externalId,
    policy: { Version: '2012-10-17', Statement: numbered([...grants.map((grant) => grant.statement), ...more]) },
  }
}

/** Each statement once, and no two of one name: IAM refuses those. */
function numbered(statements: readonly Statement[]): readonly Statement[] {
  const distinct = new Map(statements.map((each) => [JSON.stringify(each), each]))
  const seen = new Map<string, number>()
  return [...distinct.values()].map((each) => {
    const number = (seen.get(each.Sid) ?? 0) + 1
    seen.set(each.Sid, number)
    return number === 1 ? each : { ...each, Sid: `${each.Sid}${number}` }
  })
}

function bucketGrants(source: AwsSource, options: PolicyOptions): readonly Grant[] {
  const { store, bucketKeys } = source
  if (!isOfAws(store.endpoint)) return []
  const arn = `arn:${bucketPartition(source, options)}:s3:::${store.bucket}`
  const keys = keysOf(source)
  const listing = keys.includes('*') ? {} : { StringLike: { 's3:prefix': keys.length === 1 ? keys[0]! : keys } }
  const owner: Statement['Condition'] =
    store.expected_bucket_owner === undefined
      ? {}
      : { StringEquals: { 'aws:ResourceAccount': store.expected_bucket_owner } }
  const statements = [
    statement('ListAuditObjects', [arn], { ...listing, ...owner }),
    statement(
      'ReadAuditObjects',
      keys.map((key) => `${arn}/${key}`),
      owner,
    ),
    statement('TellExpiredFromDeleted', [arn], owner),
    ...(options.doctor ? [statement('LookAtBucketForDoctor', [arn], owner)] : []),
    ...decrypting(
      'DecryptAuditObjects',
      's3',
      bucketKeys.filter((key) => isBesideBucket(key, store)),
    ),
  ]
  return statements.map((each) => ({ ...asked(source, store), statement: each }))
}

/** To whoever may not list, a head that is not there is denied, and would not be told from one that may not be read. */
function checkpointGrants({ checkpoint, region }: PolicyOptions): readonly Grant[] {
  if (checkpoint === undefined || !isOfAws(checkpoint.endpoint)) return []
  const { bucket, prefix = '', role_arn: role, external_id, expected_bucket_owner: account } = checkpoint
  const partition = role?.split(':')[1] ?? partitionOf(bucketRegion(checkpoint) ?? region)
  const arn = `arn:${partition}:s3:::${bucket}`
  const keys = `${prefix === '' ? '' : `${prefix}/`}*`
  const owner: Statement['Condition'] =
    account === undefined ? {} : { StringEquals: { 'aws:ResourceAccount': account } }
  const keep = statement('KeepCheckpoint', [`${arn}/${keys}`], owner)
  const list = {
    Sid: 'ListCheckpoint',
    Effect: 'Allow',
    Action: actionsOf('ListAuditObjects'),
    Resource: [arn],
  } as const
  const statements = [
    { ...keep, Action: [...actionsOf('ReadAuditObjects'), ...keep.Action] },
    { ...list, Condition: { ...(keys === '*' ? {} : { StringLike: { 's3:prefix': keys } }), ...owner } },
  ]
  const asking = { role, externalId: role === undefined ? undefined : external_id, receiver: undefined }
  return statements.map((each) => ({ ...asking, statement: each }))
}

/** Below the prefix, and below that of files to be imported where it lies beside it. */
function keysOf({ store, imports }: AwsSource): readonly string[] {
  const prefixes = [store.prefix ?? '', ...(imports === undefined ? [] : [imports])]
  const trimmed = prefixes.map((prefix) => prefix.replace(/^\/+|\/+$/g, ''))
  const below = (prefix: string): string => (prefix === '' ? '' : `${prefix}/`)
  const [first = '', ...others] = trimmed.map(below)
  return [first, ...others.filter((prefix) => !prefix.startsWith(first))].map((prefix) => `${prefix}*`)
}

function queueGrants(source: AwsSource): readonly Grant[] {
  return source.queues.flatMap((queue) => {
    const place = isOfAws(queue.endpoint) ? queuePlace(queue.queue_url) : undefined
    if (place === undefined) return []
    const statements = [
      statement('HearOfNewObjects', [place.arn]),
      statement('CountNotifications', [place.arn]),
      ...decrypting(
        'DecryptNotifications',
        'sqs',
        source.queueKeys.filter((key) => mayEncrypt(key, place, source)),
      ),
    ]
    return statements.map((each) => ({ ...asked(source, queue), statement: each }))
  })
}

/** A key of the queue's region; where another queue there is of the key's own account, that one's alone. */
function mayEncrypt(key: string, { region, account }: QueuePlace, { queues }: AwsSource): boolean {
  if (regionIn(key) !== region) return false
  const owner = key.split(':')[4]
  const places = queues.flatMap(({ queue_url }) => queuePlace(queue_url) ?? [])
  return owner === account || !places.some((place) => place.region === region && place.account === owner)
}

function asked({ id }: AwsSource, { role_arn: role, external_id: externalId }: S3Settings | SqsSettings) {
  return { role, externalId: role === undefined ? undefined : externalId, receiver: id }
}

function statement(
  name: StatementName,
  Resource: readonly string[],
  condition: Statement['Condition'] = {},
): Statement {
  const made = { Sid: name, Effect: 'Allow', Action: actionsOf(name), Resource } as const
  return Object.keys(condition).length === 0 ? made : { ...made, Condition: condition }
}

/** One statement for each region: a key may be used through that region's service alone. */
function decrypting(Sid: string, service: 's3' | 'sqs', keys: readonly string[]): readonly Statement[] {
  const regions = Map.groupBy(keys, regionIn)
  return [...regions].map(([region, Resource]) => {
    const Condition = { StringEquals: { 'kms:ViaService': `${service}.${region}.${suffixOf(region)}` } }
    return { Sid, Effect: 'Allow', Action: ['kms:Decrypt'], Resource, Condition }
  })
}

/** A bucket's key lies in the bucket's region, as far as that is known. */
function isBesideBucket(key: string, store: S3Settings): boolean {
  const region = bucketRegion(store)
  return region === undefined || region === regionIn(key)
}

/** The region in an ARN. */
export function regionIn(arn: string): string {
  return arn.split(':')[3] ?? ''
}

/** A bucket's ARN names no region, and so nothing but its partition; whatever lies beside it lies in the same one. */
function bucketPartition({ store, queues, bucketKeys }: AwsSource, { region }: PolicyOptions): string {
  const named = bucketRegion(store)
  if (named !== undefined) return partitionOf(named)
  const [beside] = [store.role_arn, ...bucketKeys].flatMap((arn) => arn?.split(':')[1] ?? [])
  const queue = queues.flatMap(({ queue_url }) => queuePlace(queue_url)?.partition ?? [])[0]
  return beside ?? queue ?? partitionOf(region)
}

function bucketRegion({ region, endpoint }: S3Settings): string | undefined {
  return region ?? (endpoint === undefined ? undefined : regionOf(endpoint))
}

function isOfAws(endpoint: string | undefined): boolean {
  return endpoint === undefined || isAws(endpoint)
}

function remarksOf(source: AwsSource): readonly Remark[] {
  const { id, store, queues, bucketKeys, queueKeys } = source
  const elsewhere = isOfAws(store.endpoint) ? [] : [`s3://${store.bucket} lies at ${store.endpoint}: AWS is not asked`]
  const places = queues.map(({ endpoint, queue_url }) => (isOfAws(endpoint) ? queuePlace(queue_url) : undefined))
  const strange = queues.filter((_, index) => places[index] === undefined)
  const unused = [
    ...bucketKeys
      .filter((key) => !isBesideBucket(key, store))
      .map((key) => `${key}: s3://${store.bucket} does not lie there`),
    ...queueKeys
      .filter((key) => !places.some((place) => place?.region === regionIn(key)))
      .map((key) => `${key}: no queue of this receiver lies there`),
  ]
  const unknown = strange.map(({ queue_url }) => `${queue_url} is no URL of a queue of AWS: left out`)
  return [...elsewhere, ...unknown, ...unused].map((text) => ({ receiver: id, text }))
}
