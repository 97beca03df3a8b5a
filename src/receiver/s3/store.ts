// S3 and everything that speaks its protocol. The version of an object is its ETag, and a read asks for that version
// (If-Match), so an object replaced under our hands is a failure and never a mixture. A single object is looked up by
// listing, not by HEAD: a HEAD's refusals have no body, so a missing bucket looks like a missing object there.

import type { Readable } from 'node:stream'
import type { ListObjectsV2CommandOutput, S3 } from '@aws-sdk/client-s3'
import type { Clock } from '../../domain/clock.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { AwsSeams } from '../aws/connection.ts'
import { isAws, partitionOf } from '../aws/partition.ts'
import { wholeBody } from '../body.ts'
import type { InspectedStore } from '../inspection.ts'
import { type Paged, pages } from '../pages.ts'
import type { Page } from '../store.ts'
import { Absences } from './absence.ts'
import { openS3Client, type S3Settings, storeDate } from './client.ts'
import { listFailure, type Place, readFailure, replaced } from './failures.ts'
import { S3Inspection } from './inspection.ts'

export interface S3Seams extends AwsSeams {
  readonly clock: Clock
  /** How long a body may be silent, in milliseconds. Default 60 s. */
  readonly idleMs?: number
}

/** Loads the SDK and makes a store. Sends nothing. */
export async function openS3Store(settings: S3Settings, seams: S3Seams): Promise<S3Store> {
  const { client, region } = await openS3Client(settings, seams)
  return new S3Store(client, { ...settings, region }, seams)
}

export class S3Store implements InspectedStore {
  readonly uri: string
  readonly prefix: string
  readonly #client: S3
  readonly #place: Place
  readonly #owner: { readonly ExpectedBucketOwner?: string }
  readonly #isAws: boolean
  readonly #clock: Clock
  readonly #absences: Absences
  readonly #idleMs: number

  constructor(client: S3, settings: S3Settings, seams: S3Seams) {
    this.uri = `s3://${settings.bucket}`
    this.prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '')
    this.#client = client
    const arn = `arn:${partitionOf(settings.region)}:s3:::${settings.bucket}`
    this.#place = { bucket: settings.bucket, arn, prefix: this.prefix, owner: settings.expected_bucket_owner }
    this.#owner =
      settings.expected_bucket_owner === undefined ? {} : { ExpectedBucketOwner: settings.expected_bucket_owner }
    this.#isAws = settings.endpoint === undefined || isAws(settings.endpoint)
    this.#clock = seams.clock
    this.#idleMs = seams.idleMs ?? 60_000
    const look = (key: string, signal: AbortSignal) => this.stat(key, signal)
    this.#absences = new Absences(client, this.#place, this.#clock, look)
  }

  async *list(under: string, signal: AbortSignal): AsyncGenerator<Page> {
    const prefix = (this.prefix === '' ? '' : `${this.prefix}/`) + under
    const listing: Paged<ListObjectsV2CommandOutput> = {
      ask: (token) => this.#page(prefix, signal, token === undefined ? {} : { ContinuationToken: token }),
      following: (page, token) => this.#following(page, token, prefix),
    }
    for await (const page of pages(listing, this.#clock, signal)) yield toPage(page)
  }

  async stat(key: string, signal: AbortSignal): Promise<Sighting | undefined> {
    // The key itself sorts before every longer key that begins with it.
    const page = await this.#page(key, signal, { MaxKeys: 1 })
    return toPage(page).objects.find((object) => object.key === key)
  }

  async read(object: Sighting, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const fail = (error: unknown) => readFailure(error, this.#place, object.key)
    const match = object.version === '' ? {} : { IfMatch: `"${object.version}"` }
    const request = { Bucket: this.#place.bucket, Key: object.key, ...match, ...this.#owner }
    const answer = await this.#client.getObject(request, { abortSignal: signal }).catch(async (error: unknown) => {
      throw await this.#absences.explained(error, object, signal)
    })
    // Not every service that speaks the protocol heeds If-Match.
    if (isAnother(answer.ETag, object)) {
      ;(answer.Body as Readable).destroy()
      throw replaced(object, answer.ETag, this.#place)
    }
    const length = answer.ContentLength ?? object.size
    return wholeBody(answer.Body as Readable, { length, idleMs: this.#idleMs, clock: this.#clock, signal }, fail)
  }

  retention(): Promise<number | undefined> {
    return this.#absences.retention()
  }

  inspection(): S3Inspection {
    return new S3Inspection(this.#client, this.#place, this.#isAws)
  }

  /** Releases connections. */
  close(): void {
    this.#client.destroy()
  }

  async #page(prefix: string, signal: AbortSignal, options: { ContinuationToken?: string; MaxKeys?: number }) {
    const request = { Bucket: this.#place.bucket, Prefix: prefix, ...this.#owner, ...options }
    try {
      return await this.#client.listObjectsV2(request, { abortSignal: signal })
    } catch (error) {
      throw listFailure(error, this.#place, prefix)
    }
  }

  // A listing that claims more but does not say where it continues would end early in silence, or never.
  #following(page: ListObjectsV2CommandOutput, last: string | undefined, prefix: string): string | undefined {
    if (page.IsTruncated !== true) return undefined
    const next = page.NextContinuationToken
    if (next !== undefined && next !== '' && next !== last) return next
    throw listFailure(new Error('the listing is truncated, but gives no way to continue'), this.#place, prefix)
  }
}

function unquoted(tag = ''): string {
  return tag.replace(/^W\/|"/g, '')
}

function isAnother(tag: string | undefined, { version }: Sighting): boolean {
  return version !== '' && unquoted(tag) !== '' && unquoted(tag) !== version
}

function toPage(page: ListObjectsV2CommandOutput): Page {
  const objects = (page.Contents ?? []).map((found) => ({
    key: found.Key ?? '',
    version: unquoted(found.ETag),
    size: found.Size ?? 0,
    modified: found.LastModified?.getTime() ?? 0,
  }))
  const date = storeDate(page)
  return date === undefined ? { objects } : { objects, date }
}
