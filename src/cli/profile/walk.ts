import { ReadFailure } from '../../domain/failures.ts'
import { isProbe, objectTime, type Sighting } from '../../domain/objects.ts'
import { type MappingOptions, mapEvent } from '../../mapping/map.ts'
import { decode } from '../../receiver/decode/decode.ts'
import { bodyFormat } from '../../receiver/decode/format.ts'
import type { Store } from '../../receiver/store.ts'
import { partitions } from '../../receiver/sweep.ts'
import type { Profile } from './profile.ts'

/** Keys looked at beside those of the range, to find what is in no layout. */
const mostKeys = 5000

/** Object times in milliseconds since 1970, and how many objects to read at most. */
export interface WalkRange {
  readonly from: number
  readonly to: number
  readonly objects: number
}

/** Reads a store into a profile. What cannot be read is noted, not fatal; what cannot be listed is. */
export class Walk {
  readonly #store: Store
  readonly #profile: Profile
  readonly #mapping: MappingOptions
  readonly #signal = new AbortController().signal

  constructor(store: Store, result: Profile, mapping: MappingOptions) {
    this.#store = store
    this.#profile = result
    this.#mapping = mapping
  }

  /** Whether every object that was to be read could be. */
  async run(range: WalkRange, progress: (read: number, of: number) => void): Promise<boolean> {
    await this.#keys()
    const chosen = await this.#choose(range)
    let complete = true
    for (const [index, object] of chosen.entries()) {
      complete = (await this.#object(object)) && complete
      progress(index + 1, chosen.length)
    }
    return complete
  }

  async #keys(): Promise<void> {
    let seen = 0
    for await (const { objects } of this.#store.list('', this.#signal)) {
      for (const object of objects) this.#profile.key(object)
      seen += objects.length
      if (seen >= mostKeys) return
    }
  }

  /** The newest objects of the range; all of them are counted. Days are listed newest first, so that memory is bounded. */
  async #choose({ from, to, objects: most }: WalkRange): Promise<readonly Sighting[]> {
    let chosen: Sighting[] = []
    const newestFirst = (a: Sighting, b: Sighting) => objectTime(b) - objectTime(a)
    for (const under of partitions(from, to - 1, 'day')) {
      for await (const { objects } of this.#store.list(under, this.#signal)) {
        const inRange = objects.filter((one) => !isProbe(one) && objectTime(one) >= from && objectTime(one) < to)
        for (const object of inRange) this.#profile.listed(object)
        chosen.push(...inRange)
        if (chosen.length > 2 * most) chosen = chosen.sort(newestFirst).slice(0, most)
      }
    }
    return chosen.sort(newestFirst).slice(0, most)
  }

  async #object(object: Sighting): Promise<boolean> {
    try {
      await this.#read(object)
      return true
    } catch (error) {
      if (!(error instanceof ReadFailure)) throw error
      this.#profile.unreadable(error.kind)
      return false
    }
  }

  async #read(object: Sighting): Promise<void> {
    const body = new Watched(await this.#store.read(object, this.#signal))
    const source = { store: this.#store.uri, key: object.key, seenAt: object.modified }
    let length = 0
    for await (const chunk of decode(body.bytes())) {
      length = chunk.to
      for (const item of chunk.items) {
        if (item.bad !== undefined) this.#profile.bad(kindOfBad(item.bad.reason))
        else this.#profile.event(item, object, mapEvent(item, source, this.#mapping))
      }
    }
    this.#profile.read(object, bodyFormat(body.head), length)
  }
}

/** A body on its way, whose first bytes are kept. */
class Watched {
  head: Uint8Array = new Uint8Array()
  readonly #body: AsyncIterable<Uint8Array>

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#body = body
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.#body) {
      if (this.head.length < 65_536) this.head = Buffer.concat([this.head, piece]).subarray(0, 65_536)
      yield piece
    }
  }
}

/** Reasons without the numbers in them, so that equal ones are counted together. */
function kindOfBad(reason: string): string {
  return reason.replace(/\d+/g, 'N').slice(0, 120)
}
