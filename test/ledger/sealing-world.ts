// A bucket that is really listed, routes that come and go, lanes, filters and operators: the world of sealing.model.test.ts.

import type { HourAccount } from '../../src/domain/control.ts'
import { objectTime, partitionTime, type Sighting } from '../../src/domain/objects.ts'
import { ownReceiver } from '../../src/domain/own-records.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { SealCursor } from '../../src/ledger/seals.ts'
import { contentOf, hour, readRow, sighting, start } from './lane.ts'
import { pruned } from './pruned.ts'
import { work } from './steps.ts'
import { dueAll } from './steps-own.ts'
import { Witness } from './witness.ts'

const destinations = ['splunk', 'datadog', 'sentinel'] as const
const receivers = ['bucket', 'archive'] as const
const store = 's3://audit'
const lookback = hour
const minutes = 60_000
/** From the twenty-fourth on every object has an event of its own. */
const begun = start + 240 * minutes

export interface Step {
  readonly kind:
    | 'put'
    | 'sweep'
    | 'announce'
    | 'enrol'
    | 'work'
    | 'seal'
    | 'lose'
    | 'rename'
    | 'prune'
    | 'close'
    | 'refill'
    | 'release'
    | 'reopen'
  readonly a: number
  readonly b: number
}

/** Everything by the names of things: a run on the one ledger is the same on the other. */
export class World {
  ledger: Ledger
  readonly #reopen: (ledger: Ledger, keep: number) => Ledger
  readonly #bucket = new Map<string, Sighting>()
  /** What each route is owed: keys and versions, by destination and receiver. */
  readonly #registered = new Map<string, Set<string>>()
  readonly #witness = new Witness()
  /** Rows that a destination has had, and those it was done with when they went; by destination and number. */
  readonly #had = new Set<string>()
  readonly #done = new Set<string>()
  readonly sealed: number[] = []
  #now = begun
  /** Which of all routes are configured, as bits. */
  #wanted = 0

  constructor(ledger: Ledger, reopen: (ledger: Ledger, keep: number) => Ledger) {
    this.ledger = ledger
    this.#reopen = reopen
  }

  play({ kind, a, b }: Step): unknown {
    this.#now += 10 * minutes
    try {
      return this[kind](a, b)
    } catch (error) {
      return String(error)
    }
  }

  /** Mostly new and of now; some late, some very late, some rewritten. */
  put(a: number, b: number): void {
    const present = Math.floor((this.#now - begun) / (10 * minutes))
    const n = 24 + (b % 3 === 0 ? a % (present + 1) : Math.max(0, present - (a % 4)))
    const object = { ...sighting(n), version: b % 7 === 0 ? 'rewritten' : 'v' }
    this.#bucket.delete(object.key)
    this.#bucket.set(object.key, object)
  }

  sweep(a: number): unknown {
    const receiver = receivers[a % 2] as string
    const from = Math.min(this.#now, this.ledger.sweptTo(receiver) ?? Number.NEGATIVE_INFINITY) - lookback
    const listed = [...this.#bucket.values()].filter(
      (object) => (partitionTime(object.key) ?? objectTime(object)) >= from,
    )
    const seen = [listed.slice(0, 3), listed.slice(3)].map((page) => this.#see(receiver, page))
    this.ledger.swept(receiver, this.#now)
    return seen
  }

  announce(a: number, b: number): unknown {
    const objects = [...this.#bucket.values()]
    const object = a % 2 === 0 ? objects.at(-1) : objects[a % Math.max(1, objects.length)]
    return object && this.#see(receivers[b % 2] as string, [object])
  }

  #see(receiver: string, objects: readonly Sighting[]): unknown {
    const starts = this.ledger.routes().filter((route) => route.receiver === receiver)
    this.#know(
      receiver,
      objects.filter((object) => starts.some(({ startAt }) => objectTime(object) >= startAt)),
    )
    return this.ledger.see(receiver, store, objects, 'swept', this.#now)
  }

  #know(receiver: string, objects: readonly Sighting[]): void {
    for (const object of objects) {
      const known = this.#registered.get(receiver) ?? new Set()
      this.#registered.set(receiver, known.add(`${object.key} ${object.version}`))
    }
  }

  /** One route comes or goes. */
  enrol(a: number, b: number): void {
    const pool = destinations.flatMap((destination) => receivers.map((receiver) => ({ destination, receiver })))
    this.#wanted ^= 1 << (this.#wanted === 0 || a % 10 === 0 ? 0 : 1 + (b % 5))
    const wanted = pool.filter((_, index) => this.#wanted & (1 << index))
    const routes = wanted.map((route) => ({ ...route, startAt: this.#now - (b % 6) * hour }))
    const told = { destination: 'splunk', receiver: ownReceiver, startAt: 0 }
    this.ledger.enrol([...routes, told], this.#now)
  }

  work(a: number): unknown {
    const busy = a % 2 === 0 ? destinations : [destinations[a % 3] as string]
    return busy.map((destination) => work(this.ledger, this.#witness, destination, this.#now))
  }

  seal(a: number, b: number): void {
    const before = a % 3 === 0 ? Number.MAX_SAFE_INTEGER : this.#now - lookback
    let after: SealCursor | undefined
    let count = 0
    do {
      const { sealed, next } = this.ledger.seal({ before, after, limit: 1 + (b % 9) })
      count += sealed
      after = next
    } while (after !== undefined)
    this.sealed.push(count)
  }

  lose(a: number, b: number): unknown {
    const destination = destinations[b % 3] as string
    const row = this.ledger.row(destination, 1 + (a % 20))
    if (row === undefined || a % 3 !== 0) return undefined
    this.#witness.lose(destination, row.object)
    return this.ledger.lose(destination, row.object.ref, 'gone', this.#now)
  }

  rename(a: number, b: number): void {
    const [from, to] = [destinations[a % 3] as string, destinations[b % 3] as string]
    this.ledger.rename(from, to)
    this.#witness.rename(from, to)
    for (const rows of [this.#had, this.#done]) {
      for (const row of [...rows].filter((each) => each.startsWith(`${from} `))) {
        rows.delete(row)
        rows.add(to + row.slice(from.length))
      }
    }
  }

  /** Accounts of hours are made of rows and seals alike. */
  close(): readonly HourAccount[] {
    const accounts: HourAccount[] = []
    const tell = (account: HourAccount) => {
      accounts.push(account)
      const id = `${account.destination} ${account.receiver} ${account.hour} ${account.revision}`
      return { kind: 'control', id, at: start, level: 'info', body: '', attributes: {} } as const
    }
    this.ledger.closeHours(20, tell, this.#now)
    return accounts
  }

  refill(a: number, b: number): unknown {
    const objects = [...this.#bucket.values()].slice(a % 5, (a % 5) + 4)
    const receiver = receivers[b % 2] as string
    const repair = this.ledger.ask('backfill', '{}', 'ann', this.#now)
    const how = { repair, destinations: undefined, force: a % 3 === 0 }
    const routes = this.ledger.routes().filter((route) => route.receiver === receiver)
    if (routes.length > 0) this.#know(receiver, objects)
    for (const { destination } of routes) {
      this.#witness.find(destination, objects)
      for (const row of [...this.#done].filter((one) => how.force && one.startsWith(`${destination} `)))
        this.#done.delete(row)
    }
    const result = [
      this.ledger.survey(receiver, store, objects, how),
      this.ledger.refill(receiver, store, objects, how, this.#now),
    ]
    if (b % 3 > 0) this.ledger.answer(repair, 'done')
    return result
  }

  /** A filter withholds what is due; some of what was withheld is sent later. */
  release(a: number, b: number): unknown {
    const destination = destinations[a % 3] as string
    const [due] = dueAll(this.ledger, destination).filter((row) => row.object.store === store)
    if (due !== undefined && b % 2 === 0) {
      const { deliverable } = readRow(this.ledger, destination, due.object, 2, this.#now)
      const ranges = deliverable.slice(0, 2).map(({ from, to }) => [from, to] as const)
      for (const { id } of deliverable.slice(0, 2)) this.#witness.stored(destination).add(id)
      const tally = { delivered: 0, filtered: ranges.length, duplicates: 0, quarantined: 0 }
      this.ledger.settle(destination, [{ object: due.object.ref, ranges, tally, withheld: ranges }])
    }
    const query = {
      destination,
      receiver: b % 5 === 0 ? receivers[0] : undefined,
      from: start,
      to: this.#now,
      after: a % 4,
      limit: 5,
    }
    const objects = this.ledger.withholding(query)
    const object = objects[b % Math.max(1, objects.length)]
    if (object === undefined || a % 2 === 0) return objects
    this.#done.delete(`${destination} ${object.ref}`)
    const positions = contentOf(object).map(({ from, to }) => ({ object: object.ref, from, to }))
    return [objects, this.ledger.release(destination, positions, 1 + (b % 3), this.#now)]
  }

  prune(a: number): number {
    return pruned(this.ledger, (a % 4) * hour)
  }

  reopen(a: number): void {
    this.ledger = this.#reopen(this.ledger, a % 6)
  }

  /** What came back although its destination was done with it. */
  returned(): string[] {
    const refs = Array.from({ length: this.ledger.totals().objects }, (_, index) => index + 1)
    const wrong: string[] = []
    for (const ref of refs) {
      const isForgotten = this.ledger.object(ref) === undefined
      for (const destination of destinations) {
        const row = `${destination} ${ref}`
        if (isForgotten && this.#had.has(row)) this.#done.add(row)
        if (this.ledger.row(destination, ref) === undefined) continue
        if (this.#done.has(row)) wrong.push(row)
        this.#had.add(row)
      }
    }
    return wrong
  }

  /** A crash may bring seals back as rows: what was done is known anew. */
  forgetDone(): void {
    this.#done.clear()
  }

  /** Lists both buckets once more, lets every lane work until nothing is due, and says what never came. */
  missing(): string[] {
    for (const index of receivers.keys()) this.sweep(index)
    for (const destination of destinations) {
      while (work(this.ledger, this.#witness, destination, this.#now));
    }
    const audit = this.ledger.routes().filter(({ receiver }) => receiver !== ownReceiver)
    return audit.flatMap(({ destination, receiver, startAt }) => {
      const stored = this.#witness.stored(destination)
      const owed = [...this.#bucket.values()].filter((object) => {
        const isRegistered = this.#registered.get(receiver)?.has(`${object.key} ${object.version}`) === true
        return isRegistered && objectTime(object) >= startAt && !this.#witness.isLost(destination, object)
      })
      return owed.flatMap((object) => {
        const ids = contentOf({ ref: 0, size: object.size }).flatMap(({ id, bad }) => (bad ? [] : [id]))
        return ids.filter((id) => !stored.has(id)).map((id) => `${destination} lacks ${id} of ${object.key}`)
      })
    })
  }
}
