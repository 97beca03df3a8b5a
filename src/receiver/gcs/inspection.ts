// What a bucket of Google's can be asked beyond listing and reading: where it lies and what becomes of its objects. That
// needs a right which reading objects does not bring; where it is missing, that is said and is no fault.
import { SourceFailure } from '../../domain/failures.ts'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { keptFinding } from '../check/kept.ts'
import type { Inspection } from '../inspection.ts'
import { because } from '../refusal.ts'
import type { GcsApi } from './api.ts'
import { isDenial, listFailure, refusal } from './failures.ts'
import { expiryUnder, type Rule } from './lifecycle.ts'

interface BucketResource {
  readonly location?: string
  readonly projectNumber?: string
  readonly lifecycle?: { readonly rule?: readonly Rule[] }
}

interface Folders {
  readonly prefixes?: readonly string[]
}

export class GcsInspection implements Inspection {
  readonly ownClock = true
  readonly prefixSetting = 'store.gcs.prefix'
  readonly #api: GcsApi
  readonly #bucket: string
  readonly #prefix: string

  constructor(api: GcsApi, bucket: string, prefix: string) {
    this.#api = api
    this.#bucket = bucket
    this.#prefix = prefix
  }

  async folders(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const prefix = path === '' ? '' : `${path}/`
    const query = { prefix, delimiter: '/', maxResults: 1000, fields: 'prefixes' }
    try {
      const { body } = await this.#api.ask<Folders>('/o', query, signal)
      return (body.prefixes ?? []).map((found) => found.slice(prefix.length, -1)).filter((name) => name !== '')
    } catch (error) {
      throw listFailure(error, this.#bucket, prefix)
    }
  }

  async particulars(signal: AbortSignal): Promise<readonly Finding[]> {
    try {
      const fields = 'location,projectNumber,lifecycle'
      const { body } = await this.#api.ask<BucketResource>('', { fields }, signal)
      return [whose(body), keptFinding(expiryUnder(body.lifecycle?.rule ?? [], this.#prefix))]
    } catch (error) {
      return [failedFinding('objects are kept long enough', this.#refused(error), 'unknown')]
    }
  }

  #refused(error: unknown): SourceFailure {
    const refused = refusal(error)
    const hint = 'to have it looked at, grant storage.buckets.get (roles/storage.legacyBucketReader has it)'
    const message = `cannot read the settings of gs://${this.#bucket}: ${refused.text}`
    return new SourceFailure(message, because(refused, isDenial(refused) ? hint : undefined))
  }
}

/** Names of buckets are given anew once they are free, so the project is worth a look. */
function whose({ location, projectNumber }: BucketResource): Finding {
  const detail = `it lies in ${location ?? 'an unnamed place'} and belongs to project number ${projectNumber ?? 'unknown'}`
  return { level: 'ok', what: 'the bucket says whose it is', detail }
}
