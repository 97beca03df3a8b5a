// Somebody mends, in some worlds: replays what is in quarantine, brings ranges once more, forces some, sends what filters
// withheld. At any moment, whether the process lives or not, and in the end, when nothing goes wrong any more, once for
// everything. A request is a row in the ledger; whoever lives next does what it says.
import { readAnswer } from '../../src/domain/request.ts'
import { ACTIONS } from './author.ts'
import type { Chance } from './chance.ts'
import type { Medium } from './medium.ts'
import { DAY, HOUR, type Plan } from './plan.ts'
import type { VirtualTime } from './time.ts'
import type { Trace, Verdict } from './trace.ts'
import type { TrueObject } from './truth.ts'
import type { Watch } from './watch.ts'

export interface OperatorParts {
  readonly plan: Plan
  readonly chance: Chance
  readonly time: VirtualTime
  readonly trace: Trace
  readonly verdict: Verdict
  readonly watch: Watch
  readonly medium: Medium
}

interface Backfill {
  readonly from: number
  readonly to: number
  readonly destination?: string
  readonly force: boolean
  readonly only?: string
}

interface Asked {
  readonly id: number
  readonly at: number
  readonly kind: string
  /** Of a backfill. */
  readonly range: Backfill | undefined
}

const ever = { from: 0, to: 8.64e15 }

export class Operator {
  readonly #parts: OperatorParts
  readonly #asked: Asked[] = []
  /** What is asked in the end, one after the other. */
  readonly #finals: (readonly [string, object])[]

  constructor(parts: OperatorParts) {
    this.#parts = parts
    if (!parts.plan.mended) this.#finals = []
    else
      this.#finals = [
        ['backfill', { ...ever, force: false }],
        ['replay', {}],
        ['backfill', { ...ever, force: false, only: '*' }],
        ['backfill', { ...ever, force: true, destination: parts.plan.destinations[0]?.id }],
      ]
  }

  /** Whether anybody mends in this world. */
  get mends(): boolean {
    return this.#parts.plan.mended
  }

  /** The world must come to rest within this, once nothing goes wrong any more. Between two steps a process may oversleep. */
  get restMs(): number {
    return this.mends ? 14 * DAY : DAY
  }

  /** Sets the alarms. */
  set(): void {
    const { plan, chance, time } = this.#parts
    if (!plan.mended) return
    for (let n = chance.int(2, 6); n > 0; n -= 1) {
      const at = chance.int(plan.start, plan.calmAt - 1)
      const act = this.#draw()
      time.at(at, () => this.#ask(...act))
    }
  }

  #draw(): readonly [string, object] {
    const { plan, chance } = this.#parts
    const way = chance.random()
    const destination = chance.hit(0.6) ? chance.pick(plan.destinations).id : undefined
    if (way < 0.4) return ['replay', { ...(destination !== undefined && { destination }) }]
    const from = plan.start - chance.int(0, 3 * DAY)
    const range = { from, to: from + chance.int(HOUR, 6 * DAY), ...(destination !== undefined && { destination }) }
    if (way < 0.6) return ['backfill', { ...range, force: false }]
    if (way < 0.8) return ['backfill', { ...range, force: false, only: chance.pick(ACTIONS) }]
    return ['backfill', { ...range, force: true }]
  }

  #ask(kind: string, body: object): void {
    const { medium, time, trace, watch } = this.#parts
    const id = medium.ledger.ask(kind, JSON.stringify({ ...body, why: 'because' }), 'operator', time.now)
    watch.committed(medium.volatile)
    time.stir()
    trace.say(time.now, `asks ${kind} ${JSON.stringify(body)} (${id})`)
    this.#asked.push({ id, at: time.now, kind, range: kind === 'backfill' ? (body as Backfill) : undefined })
  }

  /** Everything asked for is answered. */
  get answered(): boolean {
    return this.#parts.medium.ledger.asked().length === 0
  }

  /** Whether everything has been asked that is asked in the end. */
  get done(): boolean {
    return this.#finals.length === 0
  }

  /** Asks for the next thing that is asked in the end, if there is one. */
  finish(): void {
    const next = this.#finals.shift()
    if (next !== undefined) this.#ask(...next)
  }

  /** Whether an object was there when everything was brought in the end, however old it was. */
  hasBrought({ putAt, goneAt, probe }: TrueObject): boolean {
    const asked = this.#asked.find(({ range }) => range?.from === 0)
    return asked !== undefined && goneAt === undefined && !probe && putAt + HOUR < asked.at
  }

  /** Whether what filters withheld of an object was asked for after it had been read. */
  hasReleased({ putAt, goneAt }: TrueObject): boolean {
    const asked = this.#asked.find(({ range }) => range?.only === '*')
    return asked !== undefined && goneAt === undefined && putAt + HOUR < asked.at
  }

  /** Every request is answered, and with nothing but what it may be answered with. */
  judge(): void {
    const { medium, verdict } = this.#parts
    if (!this.done) verdict.breaks('rest: not everything could be asked for that is asked in the end')
    for (const { id, kind } of this.#asked) {
      const text = medium.ledger.request(id)?.answer
      const answer = text === undefined ? undefined : readAnswer(text)
      // Whoever is asked about before its first start is not known.
      const ok = answer !== undefined && ('done' in answer || answer.refused.includes('no destination is fed'))
      if (!ok) verdict.breaks(`request ${id} (${kind}): it is answered ${text}`)
    }
  }

  /** Whether a destination may have an object once more, after it was stored at `before` and by `after`. */
  mayRepeat(destination: string, { time }: TrueObject, before: number, after: number): boolean {
    return this.#asked.some(({ id, at, range }) => {
      if (range?.force !== true || (range.destination ?? destination) !== destination) return false
      const answeredAt = this.#answeredAt.get(id) ?? Number.POSITIVE_INFINITY
      return range.from <= time && time < range.to && at <= after && before <= answeredAt
    })
  }

  /** When everything was sent once more to a destination; undefined if it was not. */
  forcedAt(destination: string): number | undefined {
    const all = this.#asked.filter(({ range }) => range?.force === true && range.from === 0)
    return all.find(({ range }) => range?.destination === destination)?.at
  }

  readonly #answeredAt = new Map<number, number>()

  /** The process has answered a request. */
  heard(id: number): void {
    this.#answeredAt.set(id, this.#parts.time.now)
  }
}
