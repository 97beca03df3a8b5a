// A bucket with a year of audit objects that exists only as far as it is listed: keys are functions of the hour and a
// number, pages are made when they are asked for. In the order in which a store lists, which is not that of time: half
// of the days have unpadded numbers, and there `hour=10` comes before `hour=9`. Others keep things in it, too.
import { createHash } from 'node:crypto'
import type { Sighting } from '../../src/domain/objects.ts'
import type { Page, Store } from '../../src/receiver/store.ts'

const HOUR = 3_600_000
const PAGE = 1_000

export interface YearOptions {
  /** The hour in which the last object lies; days before it. */
  readonly last: number
  readonly days: number
  /** Audit objects in every hour. */
  readonly perHour: number
  /** The bucket's own clock. */
  readonly now: () => number
}

export class YearBucket implements Store {
  readonly uri = 's3://acme-audit'
  readonly prefix = ''
  /** Listings asked for, and keys shown. */
  lists = 0
  listed = 0
  readonly #options: YearOptions
  readonly #hours: readonly number[]
  /** What came later, by key. */
  readonly #more = new Map<string, Sighting>()

  constructor(options: YearOptions) {
    this.#options = options
    const first = options.last - (options.days * 24 - 1) * HOUR
    const hours = Array.from({ length: options.days * 24 }, (_, index) => first + index * HOUR)
    this.#hours = hours.sort((a, b) => (folderOf(a) < folderOf(b) ? -1 : 1))
  }

  get size(): number {
    return this.#hours.length * this.#options.perHour + this.#more.size
  }

  /** One more object, of this time, that appears now. */
  put(time: number, name = 'more', version = 'v'): Sighting {
    const key = `${folderOf(time)}${stamp(time)}_${sha(`${time} ${name}`)}`
    const object = { key, version: sha(key + version).slice(0, 32), size: 900, modified: this.#options.now() }
    this.#more.set(key, object)
    return object
  }

  /** Another version under the key of the first object of an hour. */
  rewrite(time: number): Sighting {
    const { key } = this.#objectsOf(time)[0] as Sighting
    const object = { key, version: 'f'.repeat(32), size: 901, modified: this.#options.now() }
    this.#more.set(key, object)
    return object
  }

  async *list(under: string): AsyncGenerator<Page> {
    this.lists += 1
    let page: Sighting[] = []
    for (const object of this.#under(under)) {
      page.push(object)
      if (page.length < PAGE) continue
      yield this.#dated(page)
      page = []
    }
    yield this.#dated(page)
  }

  #dated(objects: readonly Sighting[]): Page {
    this.listed += objects.length
    return { objects, date: this.#options.now() }
  }

  /** In the order of keys, but for what came later. */
  *#under(under: string): Generator<Sighting> {
    for (const hour of this.#hours) {
      const folder = folderOf(hour)
      if (!folder.startsWith(under) && !under.startsWith(folder)) continue
      const ours = this.#objectsOf(hour).filter(({ key }) => !this.#more.has(key))
      for (const object of [...ours, foreign(folder)]) if (object.key.startsWith(under)) yield object
    }
    for (const object of this.#more.values()) if (object.key.startsWith(under)) yield object
  }

  #objectsOf(hour: number): Sighting[] {
    const objects = Array.from({ length: this.#options.perHour }, (_, n): Sighting => {
      const time = hour + Math.floor((n * HOUR) / this.#options.perHour / 1000) * 1000
      const digest = sha(`${hour} ${n}`)
      const key = `${folderOf(hour)}${stamp(time)}_${digest}`
      const modified = time + 1_000 * (n % 60)
      return { key, version: sha(digest).slice(0, 32), size: 700 + (n % 400), modified }
    })
    return objects.sort((a, b) => (a.key < b.key ? -1 : 1))
  }

  async stat(): Promise<undefined> {
    return undefined
  }

  read(): Promise<AsyncIterable<Uint8Array>> {
    throw new Error('nothing is read here')
  }
}

/** Days with an even number are spelled with padding, the others without. */
function folderOf(time: number): string {
  const at = new Date(time)
  const digits = at.getUTCDate() % 2 === 0 ? 2 : 1
  const pad = (value: number) => String(value).padStart(digits, '0')
  const day = `year=${at.getUTCFullYear()}/month=${pad(at.getUTCMonth() + 1)}/day=${pad(at.getUTCDate())}`
  return `${day}/hour=${pad(at.getUTCHours())}/`
}

function foreign(folder: string): Sighting {
  return { key: `${folder}exports/summary.parquet`, version: 'x', size: 10_000, modified: 0 }
}

function stamp(time: number): string {
  return new Date(time).toISOString().slice(0, 19)
}

function sha(text: string): string {
  return createHash('sha1').update(text).digest('hex')
}
