// The watermark, over ten thousand random histories, against what a reader of its definition would say: never past an
// outstanding object, never back except by force, on when nothing comes, still while listings fail.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { hour, start } from './lane.ts'
import { account, at, route, whole } from './pieces.ts'

const MARGIN = 300_000
const DESTINATIONS = ['a', 'b'] as const

type Destination = (typeof DESTINATIONS)[number]

/** What may happen. Hours count from the start. */
type Step =
  | { readonly kind: 'found'; readonly hours: readonly number[] }
  | { readonly kind: 'swept'; readonly hour: number }
  /** A listing failed: time passed, and nobody may say that nothing came. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'delivered'; readonly to: Destination; readonly pick: number }
  | { readonly kind: 'advanced' }
  | { readonly kind: 'forced'; readonly to: Destination; readonly from: number }

const hours = fc.integer({ min: 0, max: 40 })
const destination = fc.constantFrom(...DESTINATIONS)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('found' as const),
      hours: fc.array(hours, { minLength: 1, maxLength: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('swept' as const), hour: hours }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('failed' as const) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('delivered' as const), to: destination, pick: fc.nat(30) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('advanced' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forced' as const), to: destination, from: hours }) },
)

/** A destination and its ledger, and beside them what is true. */
class History {
  readonly #ledger = new MemoryLedger()
  /** Object times by number, and whose delivery is outstanding. */
  readonly #times = new Map<number, number>()
  readonly #outstanding = new Map<Destination, Set<number>>(DESTINATIONS.map((name) => [name, new Set()]))
  readonly #marks = new Map<Destination, number>()
  #sweptTo: number | undefined
  #repairs = 0

  constructor() {
    this.#ledger.enrol(
      DESTINATIONS.map((name) => route(name, 0)),
      start,
    )
  }

  /** How often a watermark went on. */
  advances = 0

  get marks(): readonly (number | undefined)[] {
    return DESTINATIONS.map((name) => account(this.#ledger, name)?.watermark)
  }

  play(one: Step): void {
    if (one.kind === 'found') this.#found(one.hours)
    else if (one.kind === 'swept') this.#swept(start + one.hour * hour)
    else if (one.kind === 'delivered') this.#delivered(one.to, one.pick)
    else if (one.kind === 'forced') this.#forced(one.to, one.from)
    else this.#advanced()
    this.#holds()
  }

  #found(numbers: readonly number[]): void {
    const seen = this.#ledger.see(
      'bucket',
      's3://b',
      numbers.map((n) => at(n)),
      'swept',
      start,
    )
    for (const { ref, time } of seen.fresh) {
      this.#times.set(ref, time)
      this.#ledger.decide(whole(ref, [`event of ${ref}`]), start)
      for (const outstanding of this.#outstanding.values()) outstanding.add(ref)
    }
  }

  #swept(to: number): void {
    this.#ledger.swept('bucket', to)
    // The store's clock may have gone back.
    this.#sweptTo = to
  }

  #delivered(to: Destination, pick: number): void {
    const waiting = [...(this.#outstanding.get(to) ?? [])]
    const ref = waiting[pick % Math.max(1, waiting.length)]
    if (ref === undefined) return
    const [intent] = this.#ledger.intend(to, [{ token: 't', members: [{ object: ref, from: 0, to: 10 }] }], start)
    this.#ledger.resolve(intent?.id ?? 0, { delivered: 'all' }, start)
    this.#outstanding.get(to)?.delete(ref)
  }

  /** Everything of a range is sent once more: only that takes the watermark back, and only below what arrived before. */
  #forced(to: Destination, from: number): void {
    this.#repairs += 1
    const objects = [...this.#times].filter(([, time]) => time >= start + from * hour)
    const sightings = objects.map(([, time]) => at((time - start) / hour))
    const how = { repair: this.#repairs, force: true, destinations: [to] }
    this.#ledger.refill('bucket', 's3://b', sightings, how, start)
    const outstanding = this.#outstanding.get(to)
    const again = objects.filter(([ref]) => outstanding?.has(ref) === false)
    for (const [ref] of again) outstanding?.add(ref)
    const mark = this.#marks.get(to)
    if (mark !== undefined) this.#marks.set(to, Math.min(mark, ...again.map(([, time]) => time)))
  }

  #advanced(): void {
    const before = new Map(this.#marks)
    this.#ledger.advance()
    for (const name of DESTINATIONS) {
      const mark = account(this.#ledger, name)?.watermark
      const expected = this.#expected(name)
      // It is where its definition puts it, or where it was, if that is further on.
      if (expected === undefined) expect(mark).toBe(before.get(name))
      else expect(mark).toBe(Math.max(expected, before.get(name) ?? Number.NEGATIVE_INFINITY))
      if (mark !== undefined && mark > (before.get(name) ?? Number.NEGATIVE_INFINITY)) this.advances += 1
      if (mark !== undefined) this.#marks.set(name, mark)
    }
  }

  /** The oldest outstanding object's time, or shortly before the last complete sweep began: whichever is less. */
  #expected(name: Destination): number | undefined {
    if (this.#sweptTo === undefined) return undefined
    const times = [...(this.#outstanding.get(name) ?? [])].map((ref) => this.#times.get(ref) ?? 0)
    return Math.min(this.#sweptTo - MARGIN, ...times)
  }

  /** At every moment, whatever was asked last. */
  #holds(): void {
    for (const { destination, watermark, outstanding } of this.#ledger.accounts()) {
      const name = destination as Destination
      const least = this.#marks.get(name) ?? Number.NEGATIVE_INFINITY
      expect((watermark ?? Number.NEGATIVE_INFINITY) >= least, `${name} went back`).toBe(true)
      expect(outstanding).toBe(this.#outstanding.get(name)?.size)
    }
  }
}

test('ten thousand histories', () => {
  let advanced = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 25 }), (steps) => {
      const history = new History()
      for (const one of steps) history.play(one)
      advanced += history.advances
    }),
    { numRuns: 10_000, seed: 1 },
  )
  expect(advanced).toBeGreaterThan(10_000)
}, 240_000)

test('while listings fail it stands, and when nothing comes it goes on', () => {
  const history = new History()
  history.play({ kind: 'swept', hour: 5 })
  history.play({ kind: 'advanced' })
  history.play({ kind: 'failed' })
  expect(history.marks).toEqual([start + 5 * hour - MARGIN, start + 5 * hour - MARGIN])
  history.play({ kind: 'swept', hour: 9 })
  history.play({ kind: 'advanced' })
  expect(history.marks).toEqual([start + 9 * hour - MARGIN, start + 9 * hour - MARGIN])
})
