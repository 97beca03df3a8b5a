// What a refused read means for the object itself, as far as the bucket tells. Two answers of S3 leave it open. A 404 says
// that the object is gone and not why: whether the bucket's own rules expired it, as the operator wanted, or somebody
// deleted a piece of the audit log. And a 403 may say that it is gone: that is what a missing object answers to those
// who may not list the bucket, or may list one prefix of it only. So the rules are looked up for the one, and the listing,
// which is the truth about what is there, for the other. Where neither may be asked, that is said, and a 403 stays a
// refusal: outstanding, and never taken for a loss.

import type { LifecycleRule, S3 } from '@aws-sdk/client-s3'
import type { Clock } from '../../domain/clock.ts'
import { type Absence, ReadFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import { refusal } from '../aws/refusal.ts'
import { mayBeMissing, type Place, readFailure } from './failures.ts'
import { expiry, expiryUnder } from './lifecycle.ts'

/** How long the bucket's rules are believed, in milliseconds. An outage may find thousands of objects gone. */
const RULES_MS = 600_000
const DAY = 86_400_000

/** The bucket's rules, or why they are not known. */
type Rules = { readonly at: number } & ({ readonly rules: readonly LifecycleRule[] } | { readonly unknown: string })

interface Why {
  readonly absence: Absence
  readonly text: string
  readonly hint?: string
}

export class Absences {
  readonly #client: Pick<S3, 'getBucketLifecycleConfiguration'>
  readonly #place: Place
  readonly #clock: Clock
  readonly #look: (key: string, signal: AbortSignal) => Promise<Sighting | undefined>
  #rules: Promise<Rules> | undefined

  /** @param look one object as the listing shows it; throws if it cannot be listed */
  constructor(
    client: Pick<S3, 'getBucketLifecycleConfiguration'>,
    place: Place,
    clock: Clock,
    look: (key: string, signal: AbortSignal) => Promise<Sighting | undefined>,
  ) {
    this.#client = client
    this.#place = place
    this.#clock = clock
    this.#look = look
  }

  /** The failure of a read, with what else can be found out about the object. Never rejects. */
  async explained(error: unknown, object: Sighting, signal: AbortSignal): Promise<ReadFailure> {
    const failure = readFailure(error, this.#place, object.key)
    if (failure.kind === 'gone' && failure.absence === 'vanished') return this.#gone(failure, object, markedBy(error))
    if (!mayBeMissing(error)) return failure
    const listed = await this.#look(object.key, signal).catch((cause: Error) => cause)
    if (listed instanceof Error) return hinted(failure, unlistable(this.#place, listed))
    if (listed === undefined) return this.#gone(failure, object, false)
    if (listed.version === object.version) return failure
    const text = `${failure.message}; the listing shows it as version ${listed.version}, and ${object.version} was seen`
    return new ReadFailure('gone', text, { cause: failure.cause, absence: 'replaced' })
  }

  /** How long the rules keep objects, in milliseconds; Infinity for ever; undefined where they cannot be read. Never rejects. */
  async retention(): Promise<number | undefined> {
    const known = await this.#current()
    return 'rules' in known
      ? (expiryUnder(known.rules, this.#place.prefix) ?? Number.POSITIVE_INFINITY) * DAY
      : undefined
  }

  async #gone(failure: ReadFailure, object: Sighting, isMarked: boolean): Promise<ReadFailure> {
    const { absence, text, hint } = isMarked ? marked : why(await this.#current(), object, this.#clock.now())
    const options = { cause: failure.cause, absence, ...(hint === undefined ? {} : { hint }) }
    return new ReadFailure('gone', `${failure.message}; ${text}`, options)
  }

  async #current(): Promise<Rules> {
    const known = await this.#rules
    const age = this.#clock.now() - (known?.at ?? Number.NEGATIVE_INFINITY)
    if (known !== undefined && age >= 0 && age < RULES_MS) return known
    this.#rules = this.#ask()
    return this.#rules
  }

  async #ask(): Promise<Rules> {
    const at = this.#clock.now()
    const { bucket, owner } = this.#place
    const request = owner === undefined ? { Bucket: bucket } : { Bucket: bucket, ExpectedBucketOwner: owner }
    try {
      const { Rules: rules } = await this.#client.getBucketLifecycleConfiguration(request)
      return rules === undefined ? { at, unknown: 'the service does not tell its rules' } : { at, rules }
    } catch (error) {
      const refused = refusal(error)
      return refused.code === 'NoSuchLifecycleConfiguration' ? { at, rules: [] } : { at, unknown: refused.text }
    }
  }
}

/** A rule's work leaves the same marker in a versioned bucket; so this says what can be done, and not who did it. */
const marked: Why = {
  absence: 'vanished',
  text: 'the bucket keeps versions, and a delete marker covers it',
  hint: 'remove the delete marker, and it is read',
}

function markedBy(error: unknown): boolean {
  const headers = (error as { $response?: { headers?: Record<string, string> } }).$response?.headers
  return headers?.['x-amz-delete-marker'] === 'true'
}

function why(known: Rules, object: Sighting, now: number): Why {
  if ('unknown' in known) {
    const text = `whether a lifecycle rule expired it or somebody deleted it cannot be told (${known.unknown})`
    return { absence: 'vanished', text, hint: 'grant s3:GetLifecycleConfiguration on the bucket, to tell them apart' }
  }
  const expired = expiry(known.rules, object)
  if (expired === undefined || expired > now)
    return { absence: 'vanished', text: 'no lifecycle rule expired it: somebody deleted it' }
  const text = `a lifecycle rule expired it, ${new Date(expired).toISOString().slice(0, 10)} at the earliest`
  return { absence: 'expired', text, hint: 'keep objects longer than any outage of a destination' }
}

function unlistable({ bucket }: Place, cause: Error): string {
  return `grant s3:ListBucket on arn:aws:s3:::${bucket} too: without it S3 answers 403 for what is not there (${cause.message})`
}

function hinted(failure: ReadFailure, more: string): ReadFailure {
  const hint = failure.hint === undefined ? more : `${failure.hint}; ${more}`
  return new ReadFailure(failure.kind, failure.message, { cause: failure.cause, hint })
}
