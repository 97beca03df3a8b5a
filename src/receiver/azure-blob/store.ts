// A container of Azure Blob Storage. The version of a blob is its ETag, and a read asks for that version (If-Match), so a blob
// replaced under our hands is a failure and never a mixture. Folders of accounts with a hierarchical namespace are
// listed as empty blobs, which are passed over like all that are empty. One blob is looked up by HEAD: unlike S3's, a
// refusal to it says why in a header. The SDK is loaded only when a container is configured.
import type { Readable } from 'node:stream'
import type { ContainerClient, ContainerListBlobFlatSegmentResponse } from '@azure/storage-blob'
import type { Clock } from '../../domain/clock.ts'
import type { Sighting } from '../../domain/objects.ts'
import { ANSWER_MS, answered } from '../answer.ts'
import { type AzureSeams, type AzureSettings, azureConnection, clientFor } from '../azure/connection.ts'
import { refusal } from '../azure/refusal.ts'
import { wholeBody } from '../body.ts'
import type { InspectedStore } from '../inspection.ts'
import { type Paged, pages } from '../pages.ts'
import { type Counted, uncounted } from '../requests.ts'
import type { Page } from '../store.ts'
import { isAbsent, listFailure, type Place, readFailure } from './failures.ts'
import { AzureBlobInspection } from './inspection.ts'

/** `store.azure_blob` of the configuration. */
export interface AzureBlobSettings extends AzureSettings {
  readonly container: string
  readonly prefix?: string | undefined
}

export interface AzureBlobSeams extends AzureSeams {
  readonly clock: Clock
  /** How long a body may be silent, in milliseconds. Default 60 s. */
  readonly idleMs?: number
}

/** Loads the SDK and makes a store. Sends nothing. */
export async function openAzureBlobStore(settings: AzureBlobSettings, seams: AzureBlobSeams): Promise<AzureBlobStore> {
  const { AnonymousCredential, ContainerClient } = await import('@azure/storage-blob')
  const { url, credential, options } = await azureConnection('blob', settings, seams)
  const client = clientFor(
    () => url(settings.container),
    (address) => new ContainerClient(address, credential ?? new AnonymousCredential(), options),
  )
  return new AzureBlobStore(client, settings, seams)
}

export class AzureBlobStore implements InspectedStore {
  readonly uri: string
  readonly prefix: string
  readonly #client: () => ContainerClient
  readonly #place: Place
  readonly #settings: AzureBlobSettings
  readonly #clock: Clock
  readonly #idleMs: number
  readonly #answerMs: number
  readonly #counted: Counted

  constructor(client: () => ContainerClient, settings: AzureBlobSettings, seams: AzureBlobSeams) {
    this.uri = `azblob://${settings.account}/${settings.container}`
    this.prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '')
    this.#client = client
    this.#place = { uri: this.uri, signed: settings.sas_token !== undefined }
    this.#settings = settings
    this.#clock = seams.clock
    this.#idleMs = seams.idleMs ?? 60_000
    this.#answerMs = seams.answerMs ?? ANSWER_MS
    this.#counted = seams.counted ?? uncounted
  }

  async *list(under: string, signal: AbortSignal): AsyncGenerator<Page> {
    const prefix = (this.prefix === '' ? '' : `${this.prefix}/`) + under
    const listing: Paged<ContainerListBlobFlatSegmentResponse> = {
      ask: (token) => this.#page(prefix, token, signal),
      following: (page, token) => this.#following(page.continuationToken, token, prefix),
    }
    for await (const page of pages(listing, this.#clock, signal)) yield toPage(page)
  }

  async stat(key: string, signal: AbortSignal): Promise<Sighting | undefined> {
    try {
      const found = await this.#asked('GetBlobProperties', signal, (abortSignal) =>
        this.#client().getBlobClient(key).getProperties({ abortSignal }),
      )
      return sighting(key, found)
    } catch (error) {
      if (isAbsent(refusal(error))) return undefined
      throw listFailure(error, this.#place, key)
    }
  }

  async read(object: Sighting, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const fail = (error: unknown) => readFailure(error, this.#place, object.key)
    const conditions = object.version === '' ? {} : { ifMatch: `"${object.version}"` }
    const blob = this.#client().getBlobClient(object.key)
    // The SDK would go on where a body broke off; that is for the lane to decide, which knows of the clock.
    const answer = await this.#asked('GetBlob', signal, (abortSignal) =>
      blob.download(0, undefined, { conditions, maxRetryRequests: 0, abortSignal }),
    ).catch((error: unknown) => {
      throw fail(error)
    })
    const limits = { length: answer.contentLength ?? object.size, idleMs: this.#idleMs, clock: this.#clock, signal }
    return wholeBody(answer.readableStreamBody as Readable, limits, fail)
  }

  inspection(): AzureBlobInspection {
    return new AzureBlobInspection(this.#client(), this.#place, this.#settings, this.#clock)
  }

  async #page(prefix: string, continuationToken: string | undefined, signal: AbortSignal) {
    const position = continuationToken === undefined ? {} : { continuationToken }
    try {
      const page = await this.#asked('ListBlobs', signal, (abortSignal) =>
        this.#client().listBlobsFlat({ prefix, abortSignal }).byPage(position).next(),
      )
      return page.value as ContainerListBlobFlatSegmentResponse
    } catch (error) {
      throw listFailure(error, this.#place, prefix)
    }
  }

  #asked<T>(operation: string, signal: AbortSignal, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#counted('azure_blob', operation)
    return answered(ask, { signal, ms: this.#answerMs })
  }

  // A marker that leads to itself would make the listing endless.
  #following(next: string | undefined, last: string | undefined, prefix: string): string | undefined {
    if (next === undefined || next === '') return undefined
    if (next !== last) return next
    throw listFailure(new Error('the listing goes on for ever: its marker does not change'), this.#place, prefix)
  }
}

function toPage({ segment, date }: ContainerListBlobFlatSegmentResponse): Page {
  const objects = segment.blobItems.map((blob) => sighting(blob.name, blob.properties))
  return date === undefined ? { objects } : { objects, date: date.getTime() }
}

/** What a listing and a HEAD say of a blob; the one quotes the ETag, the other does not. */
interface Properties {
  readonly etag?: string | undefined
  readonly contentLength?: number | undefined
  readonly lastModified?: Date | undefined
}

function sighting(key: string, { etag = '', contentLength = 0, lastModified }: Properties): Sighting {
  return { key, version: etag.replace(/"/g, ''), size: contentLength, modified: lastModified?.getTime() ?? 0 }
}
