// What a bucket can be asked beyond listing and reading: its region and owner, which prove the set-up; its lifecycle and
// its notifications, which need permissions that forwarding does not. Where those are missing, that is said and is no
// fault. HEAD answers with the bucket's region whoever asks, also to a request that it refuses.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
import type { QueueConfiguration, S3 } from '@aws-sdk/client-s3'
import { SourceFailure } from '../../domain/failures.ts'
import type { Finding } from '../../domain/finding.ts'
import { commonHint, isDenial, type Refusal, refusal } from '../aws/refusal.ts'
import type { Announcement, Announces, Inspection } from '../inspection.ts'
import { listFailure, type Place } from './failures.ts'
import { lifecycleFindings } from './lifecycle.ts'

/** A bucket's answer to HEAD. */
interface Head {
  readonly region: string | undefined
  readonly refused: Refusal | undefined
}

export class S3Inspection implements Inspection {
  readonly ownClock = true
  readonly prefixSetting = 'store.s3.prefix'
  readonly #client: S3
  readonly #place: Place
  /** Whether it is AWS itself that answers; else some service that speaks its protocol. */
  readonly #isAws: boolean

  constructor(client: S3, place: Place, isAws: boolean) {
    this.#client = client
    this.#place = place
    this.#isAws = isAws
  }

  async folders(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const Prefix = path === '' ? '' : `${path}/`
    try {
      const request = { ...this.#bucket(), Prefix, Delimiter: '/' }
      const { CommonPrefixes = [] } = await this.#client.listObjectsV2(request, { abortSignal: signal })
      return CommonPrefixes.map((found) => (found.Prefix ?? '').slice(Prefix.length, -1)).filter((name) => name !== '')
    } catch (error) {
      throw listFailure(error, this.#place, Prefix)
    }
  }

  async particulars(signal: AbortSignal): Promise<readonly Finding[]> {
    const [head, owner, lifecycle] = await Promise.all([
      this.#head(signal),
      this.#owner(signal),
      this.#lifecycle(signal),
    ])
    return [...(await this.#region(head)), ...owner, ...lifecycle]
  }

  async announces(signal: AbortSignal): Promise<Announces> {
    try {
      const answer = await this.#client.getBucketNotificationConfiguration(this.#bucket(), { abortSignal: signal })
      return {
        queues: (answer.QueueConfigurations ?? []).map((one) => announcement(one.QueueArn, one)),
        topics: (answer.TopicConfigurations ?? []).map((one) => announcement(one.TopicArn, one)),
        eventBridge: answer.EventBridgeConfiguration !== undefined,
        believable: this.#isAws,
      }
    } catch (error) {
      throw this.#refused('read the notifications of', 's3:GetBucketNotification', refusal(error))
    }
  }

  #bucket(withOwner = true): { readonly Bucket: string; readonly ExpectedBucketOwner?: string } {
    const { bucket, owner } = this.#place
    return owner === undefined || !withOwner ? { Bucket: bucket } : { Bucket: bucket, ExpectedBucketOwner: owner }
  }

  #refused(doing: string, permission: string, refused: Refusal): SourceFailure {
    const denied = `to have it looked at, grant ${permission} on ${this.#place.arn}`
    const hint = isDenial(refused) ? denied : commonHint(refused)
    const message = `cannot ${doing} s3://${this.#place.bucket}: ${refused.text}`
    return new SourceFailure(message, { cause: refused.cause, ...(hint === undefined ? {} : { hint }) })
  }

  async #head(signal: AbortSignal): Promise<Head> {
    try {
      const { BucketRegion } = await this.#client.headBucket(this.#bucket(), { abortSignal: signal })
      return { region: BucketRegion, refused: undefined }
    } catch (error) {
      const headers = (error as { $response?: { headers?: Record<string, string> } }).$response?.headers
      return { region: headers?.['x-amz-bucket-region'], refused: refusal(error) }
    }
  }

  async #region({ region, refused }: Head): Promise<readonly Finding[]> {
    const what = 'the region is right'
    // Other services have regions of their own making, or none.
    if (!this.#isAws) return []
    if (region === undefined) return [{ level: 'unknown', what, detail: refused?.text ?? 'the bucket does not say' }]
    const asked = await this.#client.config.region().catch(() => undefined)
    if (asked === region) return [{ level: 'ok', what, detail: `the bucket lies in ${region}` }]
    const detail = `the bucket lies in ${region}, and we ask ${asked ?? 'no region at all'}`
    return [{ level: 'error', what, detail, next: `set store.s3.region: ${region}` }]
  }

  // Asked by listing, because a policy that allows our prefix alone refuses HEAD. A refusal for the owner looks like any
  // other; whether it is one shows in asking again without naming the owner.
  async #owner(signal: AbortSignal): Promise<readonly Finding[]> {
    const { owner } = this.#place
    if (owner === undefined) return this.#isAws ? [{ level: 'unknown', what: 'whose bucket it is', ...unnamed }] : []
    const what = `the bucket belongs to account ${owner}`
    const refused = await this.#listRefusal(true, signal)
    if (refused === undefined && this.#isAws) return [{ level: 'ok', what }]
    if (refused === undefined) {
      return [{ level: 'unknown', what, detail: 'a service other than AWS may not look at expected_bucket_owner' }]
    }
    if (isDenial(refused) && (await this.#listRefusal(false, signal)) === undefined) {
      const detail = 'it is open to us, but not under this owner: it belongs to another account'
      return [{ level: 'error', what, detail, next: 'correct store.s3.bucket or store.s3.expected_bucket_owner' }]
    }
    return [{ level: 'unknown', what, detail: refused.text }]
  }

  /** Undefined: the prefix can be listed. */
  async #listRefusal(withOwner: boolean, signal: AbortSignal): Promise<Refusal | undefined> {
    const { prefix } = this.#place
    const request = { ...this.#bucket(withOwner), Prefix: prefix === '' ? '' : `${prefix}/`, MaxKeys: 1 }
    return this.#client.listObjectsV2(request, { abortSignal: signal }).then(() => undefined, refusal)
  }

  async #lifecycle(signal: AbortSignal): Promise<readonly Finding[]> {
    const what = 'objects are kept long enough'
    try {
      const answer = await this.#client.getBucketLifecycleConfiguration(this.#bucket(), { abortSignal: signal })
      if (answer.Rules === undefined) {
        return [{ level: 'unknown', what, detail: 'the service does not tell its lifecycle rules' }]
      }
      return lifecycleFindings(answer.Rules, this.#place.prefix)
    } catch (error) {
      const refused = refusal(error)
      if (refused.code === 'NoSuchLifecycleConfiguration') return lifecycleFindings([], this.#place.prefix)
      const { message, hint } = this.#refused('read the lifecycle of', 's3:GetLifecycleConfiguration', refused)
      return [{ level: 'unknown', what, detail: message, ...(hint === undefined ? {} : { next: hint }) }]
    }
  }
}

const unnamed = {
  detail: 'expected_bucket_owner is not set: should the bucket be deleted, whoever takes its name writes our audit log',
  next: "set store.s3.expected_bucket_owner to the account's 12 digits",
}

type Configured = Pick<QueueConfiguration, 'Events' | 'Filter'>

function announcement(arn: string | undefined, { Events = [], Filter }: Configured): Announcement {
  const rules = Filter?.Key?.FilterRules ?? []
  const rule = (name: string): string => rules.find(({ Name }) => Name?.toLowerCase() === name)?.Value ?? ''
  return { arn: arn ?? '', events: Events, prefix: rule('prefix'), suffix: rule('suffix') }
}
