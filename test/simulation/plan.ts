// What is going to happen, drawn from the seed before anything does: how often the process lives and how it dies, what
// the weather is, who is configured when. Small on purpose: a few hundred events in a few days, many seeds.
import type { StartAt } from '../../src/domain/start.ts'
import { ACTIONS, type Habits } from './author.ts'
import type { BucketTrouble } from './bucket.ts'
import type { Chance } from './chance.ts'
import type { Nature, ServerTrouble } from './server.ts'
import { newcomers, perilous, picky, unreadable } from './themes.ts'
import { draw, type Spell, Weather } from './weather.ts'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** How a life of the process ends. */
export type End =
  | { readonly kind: 'stop' }
  /** `kill -9`: what was committed stays. A power cut: what was not asked to be durable may be lost. */
  | { readonly kind: 'kill' | 'power cut'; readonly touches: number }

export interface Life {
  readonly from: number
  readonly to: number
  readonly end: End
  /** It is to end by itself when everything is done. */
  readonly once: boolean
  /** Destinations configured in this life, and the actions their filters withhold. */
  readonly filters: ReadonlyMap<string, ReadonlySet<string>>
}

export interface DestinationPlan {
  readonly id: string
  readonly nature: Nature
  readonly weather: Weather<ServerTrouble>
  /** Never in trouble: nothing may hold it up. */
  readonly healthy: boolean
  readonly startAt: StartAt
  readonly records: number
  readonly bytes: number
  readonly lingerMs: number
  readonly concurrencyMax: number
  readonly retryMaxMs: number
}

export interface BucketPlan {
  readonly name: string
  readonly weather: Weather<BucketTrouble>
  readonly queueWeather: Weather<'unreachable'>
  readonly visibilityMs: number
  readonly queued: boolean
}

export interface Skew extends Spell<'skew'> {
  readonly ms: number
}

export interface Plan {
  readonly start: number
  /** From then on nothing goes wrong any more. */
  readonly calmAt: number
  readonly lives: readonly Life[]
  readonly destinations: readonly DestinationPlan[]
  readonly buckets: readonly BucketPlan[]
  readonly habits: Habits
  readonly objects: number
  readonly skews: readonly Skew[]
  /** The process dies when an answer was lost, and while it is down an object of that batch vanishes. */
  readonly thieves: boolean
  /** Whether gaps are looked for. */
  readonly watched?: boolean
  /** How often the forwarder says that it is alive, and what of its own records each destination wants. */
  readonly own?: { readonly heartbeatMs: number; readonly told: ReadonlyMap<string, 'everything' | 'gaps' | 'nothing'> }
  /** The power fails when a message has just been deleted. */
  readonly brittle: boolean
  /** Somebody replays and backfills. */
  readonly mended: boolean
  /** When the ledger's disk is full. */
  readonly disk: Weather<'full'>
  readonly lookbackMs: number
  readonly sweepIntervalMs: number
  readonly deduplicationMs: number
  readonly bufferBytes: number
  readonly cacheBytes: number
  readonly chunkItems: number
}

const EPOCH = Date.UTC(2026, 1, 27)

export function drawPlan(chance: Chance): Plan {
  const start = EPOCH + chance.int(0, 3 * DAY)
  const theme = chance.hit(0.12) ? 'long unreadable' : undefined
  const spans = lifeSpans(chance, start, theme === undefined ? 0 : chance.int(30, 50) * HOUR)
  const calmAt = (spans[spans.length - 1] as { to: number }).to + chance.int(MINUTE, HOUR)
  const span = { from: start, to: calmAt }
  const destinations = drawDestinations(chance, span)
  const deduplicationMs = theme === undefined ? chance.pick([6 * HOUR, 30 * HOUR, 10 * DAY]) : 6 * HOUR
  const buckets = Array.from({ length: chance.hit(0.2) ? 2 : 1 }, (_, index) => drawBucket(chance, index, span))
  const habits = drawHabits(chance, deduplicationMs)
  const plan: Plan = {
    start,
    calmAt,
    lives: drawLives(chance, spans, calmAt, destinations),
    destinations,
    buckets,
    habits,
    objects: chance.int(8, 45),
    disk: draw(chance, ['full'], { ...span, count: chance.hit(0.2) ? 1 : 0 }),
    skews: chance.hit(0.25) ? [drawSkew(chance, span)] : [],
    lookbackMs: chance.pick([2 * HOUR, 12 * HOUR, 48 * HOUR]),
    sweepIntervalMs: chance.pick([5 * MINUTE, 10 * MINUTE, 30 * MINUTE]),
    deduplicationMs,
    bufferBytes: chance.pick([4_000, 30_000, 1 << 20]),
    cacheBytes: chance.pick([0, 10_000, 1 << 20]),
    chunkItems: chance.pick([2, 5, 1000]),
    thieves: chance.hit(0.5),
    brittle: false,
    mended: false,
  }
  return picky(chance, perilous(newcomers(theme === undefined ? plan : unreadable(chance, plan))))
}

function lifeSpans(chance: Chance, start: number, firstMs: number): { from: number; to: number }[] {
  const spans: { from: number; to: number }[] = []
  const count = chance.int(1, 5)
  let at = start
  for (let index = 0; index < count; index += 1) {
    const drawn = Math.ceil(chance.exponential(chance.pick([HOUR, 6 * HOUR, 24 * HOUR])))
    const to = at + (index === 0 ? Math.max(firstMs, drawn) : drawn)
    spans.push({ from: at, to })
    const mean = chance.pick([5_000, 5_000, 10 * MINUTE, 6 * HOUR, 4 * DAY])
    at = to + Math.min(10 * DAY, 1000 + Math.ceil(chance.exponential(mean)))
  }
  return spans
}

function drawLives(
  chance: Chance,
  spans: readonly { readonly from: number; readonly to: number }[],
  calmAt: number,
  destinations: readonly DestinationPlan[],
): Life[] {
  const joins = new Map(
    destinations.map(({ id }, index) => [id, index > 0 && chance.hit(0.25) ? chance.int(0, spans.length) : 0]),
  )
  // Some are taken out of the configuration for one life, and put back.
  const absences = new Map(
    destinations.map(({ id }, index) => [
      id,
      index > 0 && spans.length > 1 && chance.hit(0.2) ? chance.int(1, spans.length - 1) : undefined,
    ]),
  )
  let filters = new Map<string, ReadonlySet<string>>()
  const configured = (life: number): ReadonlyMap<string, ReadonlySet<string>> => {
    const present = destinations.filter(({ id }) => (joins.get(id) ?? 0) <= life && absences.get(id) !== life)
    filters = new Map(
      present.map(({ id }) => [id, (chance.hit(0.5) ? filters.get(id) : undefined) ?? drawFilter(chance)]),
    )
    return filters
  }
  const mortal = spans.map(
    ({ from, to }, life): Life => ({
      from,
      to,
      end: drawEnd(chance),
      once: chance.hit(0.15),
      filters: configured(life),
    }),
  )
  const last: Life = {
    from: calmAt,
    to: Number.POSITIVE_INFINITY,
    end: { kind: 'stop' },
    once: false,
    filters: configured(spans.length),
  }
  return [...mortal, last]
}

function drawFilter(chance: Chance): ReadonlySet<string> {
  if (chance.hit(0.5)) return new Set()
  return new Set([chance.pick(ACTIONS), chance.pick(ACTIONS)])
}

function drawEnd(chance: Chance): End {
  const way = chance.random()
  if (way < 0.25) return { kind: 'stop' }
  const touches = chance.hit(0.6) ? Math.ceil(10 ** (1 + chance.random() * 3)) : Number.POSITIVE_INFINITY
  return { kind: way < 0.55 ? 'kill' : 'power cut', touches }
}

function drawBucket(chance: Chance, index: number, span: { from: number; to: number }): BucketPlan {
  const kinds: BucketTrouble[] = ['unlistable', 'unreadable', 'unreachable', 'torn']
  return {
    name: `acme-audit-${index}`,
    weather: draw(chance, kinds, { ...span, count: chance.pick([0, 0, 1, 2, 3]) }),
    queueWeather: draw(chance, ['unreachable'], { ...span, count: chance.pick([0, 0, 1]) }),
    visibilityMs: chance.pick([MINUTE, 5 * MINUTE]),
    queued: chance.hit(0.85),
  }
}

function drawHabits(chance: Chance, deduplicationMs: number): Habits {
  return {
    prefix: chance.pick(['', 'audit-logs', 'a/b']),
    padded: chance.hit(0.5),
    copies: chance.pick([0, 0.05, 0.25]),
    torn: chance.pick([0, 0.03]),
    eventsMax: chance.pick([4, 12, 30]),
    punctual: 0.8,
    copyAgeMs: chance.hit(0.8) ? deduplicationMs / 2 : 2 * deduplicationMs,
  }
}

function drawSkew(chance: Chance, span: { from: number; to: number }): Skew {
  const from = chance.int(span.from, span.to)
  const ms = chance.pick([-DAY, -HOUR, -2 * MINUTE, 2 * MINUTE, HOUR, 2 * DAY])
  return { kind: 'skew', from, to: Math.min(span.to, from + Math.ceil(chance.exponential(3 * HOUR))), ms }
}

const TROUBLES: readonly ServerTrouble[] = [
  ...(['throttling', 'down', 'down', 'answers lost', 'hanging', 'refusing everything'] as const),
  ...(['refusing everything', 'credentials', 'configuration', 'throwing', 'storing in part', 'shrunk'] as const),
]

/** Bad weather, often with answers lost just before: what was stored then is refused now. */
function drawTroubles(chance: Chance, span: { from: number; to: number }): Weather<ServerTrouble> {
  const { spells } = draw(chance, TROUBLES, { ...span, count: chance.pick([0, 1, 2, 3]) })
  const before = spells.flatMap(({ from }): Spell<ServerTrouble>[] => {
    return chance.hit(0.4) ? [{ kind: 'answers lost', from: from - chance.int(MINUTE, HOUR), to: from }] : []
  })
  return new Weather([...before, ...spells])
}

const NATURES: readonly Pick<Nature, 'exactlyOnce' | 'receipts' | 'refusal'>[] = [
  { exactlyOnce: true, receipts: false, refusal: 'without index' },
  { exactlyOnce: false, receipts: true, refusal: 'by index' },
  { exactlyOnce: false, receipts: false, refusal: 'by index' },
  { exactlyOnce: false, receipts: false, refusal: 'without index' },
]

function drawDestinations(chance: Chance, span: { from: number; to: number }): DestinationPlan[] {
  const healthy = chance.int(-1, 1)
  const count = chance.int(2, 4)
  const others = [1, 2, 3].sort(() => chance.random() - 0.5)
  return [0, ...others].slice(0, count).map((nature, index) => {
    const id = ['once', 'receipts', 'indexed', 'bisected'][nature] as string
    return { id, ...drawDestination(chance, NATURES[nature] as Nature, index === healthy, span) }
  })
}

function drawDestination(
  chance: Chance,
  kind: Pick<Nature, 'exactlyOnce' | 'receipts' | 'refusal'>,
  healthy: boolean,
  span: { from: number; to: number },
): Omit<DestinationPlan, 'id'> {
  const records = chance.pick([1, 4, 10, 25])
  const refusal = kind.exactlyOnce && chance.hit(0.4) ? 'by index' : kind.refusal
  const nature: Nature = {
    ...kind,
    refusal,
    recordsMax: healthy || chance.hit(0.6) ? records : chance.int(1, records),
    poison: healthy ? 0 : chance.pick([0, 40, 12]),
    unfit: 0,
    hiccups: healthy ? 0 : chance.pick([0, 0.02, 0.15]),
    slow: chance.hit(0.2),
    windowMs: chance.pick([10 * MINUTE, HOUR, 12 * HOUR, 7 * DAY]),
  }
  return {
    nature,
    healthy,
    weather: healthy ? new Weather([]) : drawTroubles(chance, span),
    startAt: drawStart(chance, span.from),
    records,
    bytes: chance.pick([1500, 6000, 1 << 20]),
    lingerMs: chance.pick([0, 1000, 30_000]),
    concurrencyMax: chance.int(1, 4),
    retryMaxMs: chance.pick([2 * MINUTE, 10 * MINUTE, 30 * MINUTE]),
  }
}

function drawStart(chance: Chance, start: number): StartAt {
  const way = chance.random()
  if (way < 0.5) return { from: 'beginning' }
  if (way < 0.65) return { from: 'now' }
  if (way < 0.8) return { from: 'ago', ms: chance.int(HOUR, 2 * DAY) }
  return { from: 'instant', at: start + chance.int(-2 * DAY, DAY) }
}
