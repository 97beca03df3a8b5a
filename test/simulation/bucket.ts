// A bucket: what was put into it by now, listed in pages and read in pieces, with failures in its bad weather.
import { ReadFailure, SourceFailure } from '../../src/domain/failures.ts'
import type { Sighting } from '../../src/domain/objects.ts'
import type { Page, Store } from '../../src/receiver/store.ts'
import type { Chance } from './chance.ts'
import type { Epoch } from './epoch.ts'
import type { VirtualTime } from './time.ts'
import type { TrueObject } from './truth.ts'
import type { Weather } from './weather.ts'

export type BucketTrouble = 'unlistable' | 'unreadable' | 'unreachable' | 'torn'

export interface BucketParts {
  readonly name: string
  readonly prefix: string
  readonly time: VirtualTime
  readonly chance: Chance
  readonly weather: Weather<BucketTrouble>
  /** From then on nothing fails any more. */
  readonly calmAt: number
}

export class Bucket {
  readonly #parts: BucketParts
  readonly #objects: TrueObject[] = []
  readonly #glitched = new Set<TrueObject>()

  constructor(parts: BucketParts) {
    this.#parts = parts
  }

  get uri(): string {
    return `s3://${this.#parts.name}`
  }

  get name(): string {
    return this.#parts.name
  }

  get weather(): Weather<BucketTrouble> {
    return this.#parts.weather
  }

  put(object: TrueObject): void {
    const old = this.#objects.find(({ key, goneAt }) => key === object.key && goneAt === undefined)
    if (old !== undefined) old.goneAt = this.#parts.time.now
    this.#objects.push(object)
  }

  /** The store as one process sees it. */
  store(epoch: Epoch): Store {
    return {
      uri: this.uri,
      prefix: this.#parts.prefix,
      list: (under, signal) => this.#pages(under, epoch, signal),
      stat: (key) => epoch.reach(async () => this.#stat(key)),
      read: (object) => epoch.reach(() => this.#open(object, epoch)),
    }
  }

  #present(): TrueObject[] {
    const { now } = this.#parts.time
    return this.#objects.filter(({ putAt, goneAt }) => putAt <= now && (goneAt === undefined || now < goneAt))
  }

  async *#pages(under: string, epoch: Epoch, signal: AbortSignal): AsyncGenerator<Page> {
    const prefix = `${this.#parts.prefix === '' ? '' : `${this.#parts.prefix}/`}${under}`
    let from = 0
    for (;;) {
      if (signal.aborted) throw new SourceFailure('cannot list: aborted')
      const page = await epoch.reach(() => this.#list(prefix, from))
      yield { objects: page.objects, date: page.date }
      if (!page.more) return
      from += page.objects.length
    }
  }

  async #list(prefix: string, from: number) {
    await this.#latency(0.03)
    this.#fail(['unlistable', 'unreachable'], 0.004, (reason) => new SourceFailure(`cannot list: ${reason}`))
    const found = this.#present().filter(({ key }) => key.startsWith(prefix))
    const page = found.slice(from, from + 7)
    return { objects: page.map(sighting), date: this.#parts.time.now, more: found.length > from + 7 }
  }

  async #stat(key: string): Promise<Sighting | undefined> {
    await this.#latency(0.2)
    this.#fail(['unlistable', 'unreachable'], 0.01, (reason) => new SourceFailure(`cannot look: ${reason}`))
    const found = this.#present().find((object) => object.key === key)
    return found === undefined ? undefined : sighting(found)
  }

  async #open(wanted: Sighting, epoch: Epoch): Promise<AsyncIterable<Uint8Array>> {
    this.#parts.time.stir()
    await this.#latency(0.3)
    const { now } = this.#parts.time
    const kind = this.#parts.weather.at(now)?.kind === 'unreadable' ? 'denied' : 'unreachable'
    this.#fail(['unreadable', 'unreachable'], 0.02, (reason) => new ReadFailure(kind, `cannot read: ${reason}`))
    const found = this.#present().find(({ key, version }) => key === wanted.key && version === wanted.version)
    if (found === undefined) throw new ReadFailure('gone', `cannot read ${wanted.key}: not there`)
    // Some objects cannot be found for a moment, once: a store that is consistent only eventually.
    if (found.serial % 50 === 7 && !this.#glitched.has(found)) {
      this.#glitched.add(found)
      throw new ReadFailure('gone', `cannot read ${wanted.key}: not there for a moment`)
    }
    return this.#pieces(found, epoch)
  }

  async *#pieces({ body }: TrueObject, epoch: Epoch): AsyncGenerator<Uint8Array> {
    const { chance, weather, time, calmAt } = this.#parts
    const rate = weather.at(time.now)?.kind === 'torn' ? 0.7 : 0.02
    const tornAt = time.now < calmAt && chance.hit(rate) ? chance.int(0, body.length) : Number.POSITIVE_INFINITY
    for (let at = 0; at < body.length; ) {
      const size = chance.pick([64, 500, 3000, 1 << 20])
      const end = Math.min(body.length, at + size)
      if (end > tornAt) throw new ReadFailure('unreachable', `cannot read: the body ended after ${at} bytes`)
      if (chance.hit(0.03)) await epoch.reach(() => this.#latency(1))
      yield body.subarray(at, end)
      at = end
    }
  }

  async #latency(likely: number): Promise<void> {
    const { chance, time } = this.#parts
    if (chance.hit(likely)) await time.sleep(chance.int(10, 3000))
  }

  #fail(kinds: readonly BucketTrouble[], rate: number, failure: (reason: string) => Error): void {
    const { chance, time, weather, calmAt } = this.#parts
    const kind = weather.at(time.now)?.kind
    if (kind !== undefined && kinds.includes(kind)) throw failure(kind)
    if (time.now < calmAt && chance.hit(rate)) throw failure('a hiccup')
  }
}

export function sighting({ key, version, body, putAt }: TrueObject): Sighting {
  return { key, version, size: body.length, modified: putAt }
}
