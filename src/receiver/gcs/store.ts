// Google Cloud Storage. The version of an object is its generation, a number that every write sets anew; a read asks for
// that generation, so an object replaced under our hands is a failure and never a mixture (in a bucket with object
// versioning the old one can still be read, which is as good). Objects are shown as of the generation's own time, not of
// `updated`, which a change of labels moves. There are no notifications: Google announces objects through Pub/Sub, whose
// client would bring gRPC along for what the sweep finds a minute later.
// The client is loaded only when a bucket is configured.
import type { Clock } from '../../domain/clock.ts'
import type { Sighting } from '../../domain/objects.ts'
import { wholeBody } from '../body.ts'
import type { InspectedStore } from '../inspection.ts'
import { type Paged, pages } from '../pages.ts'
import type { Page } from '../store.ts'
import { Absences } from './absence.ts'
import { type Answer, type GcsSeams as ApiSeams, type GcsApi, openGcsApi } from './api.ts'
import { isAbsent, listFailure, readFailure, refusal } from './failures.ts'
import { GcsInspection } from './inspection.ts'

/** `store.gcs` of the configuration. */
export interface GcsSettings {
  readonly bucket: string
  readonly prefix?: string | undefined
  readonly endpoint?: string | undefined
}

export interface GcsSeams extends ApiSeams {
  readonly clock: Clock
  /** How long a body may be silent, in milliseconds. Default 60 s. */
  readonly idleMs?: number
}

/** The parts of an object's resource that are asked for. https://cloud.google.com/storage/docs/json_api/v1/objects */
interface Resource {
  readonly name?: string
  readonly generation?: string
  readonly size?: string
  readonly timeCreated?: string
}

interface Listing {
  readonly items?: readonly Resource[]
  readonly nextPageToken?: string
}

const fields = 'name,generation,size,timeCreated'

/** Loads the client and makes a store. Sends nothing. */
export async function openGcsStore(settings: GcsSettings, seams: GcsSeams): Promise<GcsStore> {
  return new GcsStore(await openGcsApi(settings.bucket, settings.endpoint, seams), settings, seams)
}

export class GcsStore implements InspectedStore {
  readonly uri: string
  readonly prefix: string
  readonly #api: GcsApi
  readonly #bucket: string
  readonly #clock: Clock
  readonly #absences: Absences
  readonly #idleMs: number

  constructor(api: GcsApi, settings: GcsSettings, seams: GcsSeams) {
    this.uri = `gs://${settings.bucket}`
    this.prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '')
    this.#api = api
    this.#bucket = settings.bucket
    this.#clock = seams.clock
    this.#idleMs = seams.idleMs ?? 60_000
    this.#absences = new Absences(api, seams.clock, (key, signal) => this.stat(key, signal))
  }

  async *list(under: string, signal: AbortSignal): AsyncGenerator<Page> {
    const prefix = (this.prefix === '' ? '' : `${this.prefix}/`) + under
    const listing: Paged<Answer<Listing>> = {
      ask: (token) => this.#page(prefix, token, signal),
      following: ({ body }, token) => this.#following(body, token, prefix),
    }
    for await (const { body, date } of pages(listing, this.#clock, signal)) {
      yield { objects: (body.items ?? []).map(toSighting), ...dated(date) }
    }
  }

  async stat(key: string, signal: AbortSignal): Promise<Sighting | undefined> {
    try {
      const { body } = await this.#api.ask<Resource>(`/o/${encodeURIComponent(key)}`, { fields }, signal)
      return toSighting(body)
    } catch (error) {
      if (isAbsent(refusal(error))) return undefined
      throw listFailure(error, this.#bucket, key)
    }
  }

  async read(object: Sighting, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const fail = (error: unknown) => readFailure(error, this.#bucket, object.key)
    const media = await this.#api.read(object.key, object.version, signal).catch(async (error: unknown) => {
      throw await this.#absences.explained(fail(error), object, signal)
    })
    // A generation never changes, so what was listed is what must come.
    const limits = { length: object.size, idleMs: this.#idleMs, clock: this.#clock, signal }
    return this.#api.checked(wholeBody(media.body, limits, fail), media.crc32c, fail)
  }

  retention(signal: AbortSignal): Promise<number | undefined> {
    return this.#absences.retention(this.prefix, signal)
  }

  inspection(): GcsInspection {
    return new GcsInspection(this.#api, this.#bucket, this.prefix)
  }

  async #page(prefix: string, pageToken: string | undefined, signal: AbortSignal) {
    const query = { prefix, pageToken, fields: `items(${fields}),nextPageToken` }
    try {
      return await this.#api.ask<Listing>('/o', query, signal)
    } catch (error) {
      throw listFailure(error, this.#bucket, prefix)
    }
  }

  // A token that leads to itself would make the listing endless.
  #following({ nextPageToken }: Listing, last: string | undefined, prefix: string): string | undefined {
    if (nextPageToken === undefined || nextPageToken === '') return undefined
    if (nextPageToken !== last) return nextPageToken
    throw listFailure(new Error('the listing goes on for ever: its page token does not change'), this.#bucket, prefix)
  }
}

function dated(text: string | undefined): { readonly date?: number } {
  const date = Date.parse(text ?? '')
  return Number.isNaN(date) ? {} : { date }
}

function toSighting({ name = '', generation = '', size, timeCreated }: Resource): Sighting {
  return { key: name, version: generation, size: Number(size ?? 0), modified: Date.parse(timeCreated ?? '') || 0 }
}
