// What some worlds are about: changes of a drawn plan that bring together what would rarely meet by chance.
import type { BucketTrouble } from './bucket.ts'
import type { Chance } from './chance.ts'
import { type DestinationPlan, HOUR, type Life, MINUTE, type Plan } from './plan.ts'
import type { ServerTrouble } from './server.ts'
import { type Spell, Weather } from './weather.ts'

/** Every so many worlds, one is about this. By the seed and not by a draw: the other worlds stay what they are. */
const SLOTS = 16
const THEMES: ReadonlyMap<number, (plan: Plan) => Plan> = new Map([
  [0, longDown],
  [5, mended],
  [7, speaking],
  [11, narrowing],
  [12, ending],
  [13, mended],
  [14, brittle],
  [15, mended],
])

/** The plan as the theme of this seed changes it, if it has one. */
export function themed(seed: number, plan: Plan): Plan {
  // The first worlds of each theme are not watched: faults are known to be caught there.
  return { ...(THEMES.get(seed % SLOTS)?.(plan) ?? plan), watched: seed > SLOTS }
}

/** In some worlds whoever joins later wants everything from the beginning, and those before it only what is new. */
export function newcomers(plan: Plan): Plan {
  const founders = plan.lives[0]?.filters ?? new Map()
  if (plan.destinations.every(({ id }) => founders.has(id)) || plan.objects % 2 === 0) return plan
  const destinations = plan.destinations.map((destination): DestinationPlan => {
    return { ...destination, startAt: { from: founders.has(destination.id) ? 'now' : 'beginning' } }
  })
  return { ...plan, destinations }
}

/** Where a lost answer is the end, answers are lost often, and batches are wide enough to span objects. */
export function perilous(plan: Plan): Plan {
  if (!plan.thieves) return plan
  const destinations = plan.destinations.map((destination): DestinationPlan => {
    if (!destination.nature.exactlyOnce || destination.healthy) return destination
    const nature = { ...destination.nature, recordsMax: 25, hiccups: 0.15 }
    return { ...destination, nature, records: 25, bytes: 6000, lingerMs: 30_000 }
  })
  return { ...plan, destinations }
}

/** Some exporters know of some records, or of every other one, that they need not be sent. */
export function picky(chance: Chance, plan: Plan): Plan {
  const destinations = plan.destinations.map((destination): DestinationPlan => {
    const unfit = chance.pick([0, 0, 25, 2])
    return { ...destination, nature: { ...destination.nature, unfit } }
  })
  return { ...plan, destinations }
}

/** Objects are seen and cannot be read, for longer than event ids are remembered, and many of them hold copies. */
export function unreadable(chance: Chance, plan: Plan): Plan {
  const from = plan.start + chance.int(2, 8) * HOUR
  const weather = new Weather<BucketTrouble>([{ kind: 'unreadable', from, to: from + chance.int(10, 20) * HOUR }])
  const buckets = plan.buckets.map((bucket) => ({ ...bucket, weather }))
  const lives = plan.lives.map((life, index) => (index === 0 ? { ...life, end: { kind: 'stop' } as const } : life))
  return { ...plan, buckets, lives, habits: { ...plan.habits, copies: 0.25 }, objects: 40 }
}

/** A batch whose answer was lost meets a proxy that calls it too large, at destinations that tell what they know. */
function narrowing(plan: Plan): Plan {
  const destinations = plan.destinations.map((destination): DestinationPlan => {
    if (!destination.nature.exactlyOnce) return destination
    const nature = { ...destination.nature, recordsMax: 25, hiccups: 0.4, narrows: true }
    return { ...destination, healthy: false, nature, records: 25, bytes: 6000 }
  })
  return { ...plan, destinations }
}

/** Runs that are to end meet destinations that are in trouble for as long as such a run waits, and longer. */
function ending(plan: Plan): Plan {
  const lives = mortal(plan).map((life): Life => ({ ...life, once: true, end: { kind: 'stop' } }))
  const kinds: readonly ServerTrouble[] = ['down', 'credentials', 'configuration', 'hanging']
  const destinations = plan.destinations.map((destination, index): DestinationPlan => {
    if (destination.healthy) return destination
    const spells = lives.flatMap(({ from, to }, life): Spell<ServerTrouble>[] =>
      (life + index) % 2 === 0 ? [{ kind: kinds[(life + index) % kinds.length] as ServerTrouble, from, to }] : [],
    )
    return { ...destination, weather: new Weather([...spells, ...destination.weather.spells]) }
  })
  return { ...plan, destinations, lives: [...lives, ...plan.lives.slice(-1)] }
}

/** Objects too old for any sweep are known from their messages alone, and the power fails when those have been deleted. */
function brittle(plan: Plan): Plan {
  const power = { kind: 'power cut', touches: Number.POSITIVE_INFINITY } as const
  const lives = mortal(plan).flatMap((life) => pieces(life, 8).map((piece): Life => ({ ...piece, end: power })))
  const buckets = plan.buckets.map((bucket) => ({ ...bucket, queued: true }))
  const habits = { ...plan.habits, punctual: 0.4 }
  const objects = Math.max(30, plan.objects)
  const looking = { lookbackMs: 2 * HOUR, habits, objects }
  // Whoever begins now wants none of the old ones.
  const destinations = plan.destinations.map((each): DestinationPlan => ({ ...each, startAt: { from: 'beginning' } }))
  return { ...plan, ...looking, brittle: true, buckets, destinations, lives: [...lives, ...plan.lives.slice(-1)] }
}

/** The forwarder speaks of itself, to most. */
function speaking(plan: Plan): Plan {
  const told = plan.destinations.map(({ id }, index) => [id, index === 2 ? wants(plan) : 'everything'] as const)
  // Nobody takes so little at once that the forwarder could not say how it stands.
  const destinations = plan.destinations.map((each) => ({ ...each, bytes: Math.max(6000, each.bytes) }))
  return { ...plan, destinations, own: { heartbeatMs: 7 * MINUTE, told: new Map(told) } }
}

function wants({ objects }: Plan): 'everything' | 'gaps' | 'nothing' {
  return (['everything', 'gaps', 'nothing'] as const)[objects % 3] ?? 'everything'
}

/** The forwarder speaks of itself to somebody who does not hear it for days. */
function longDown(plan: Plan): Plan {
  const calmAt = plan.calmAt + 60 * HOUR
  const [ill] = plan.destinations.filter(({ healthy }) => !healthy).slice(-1)
  const down = new Weather<ServerTrouble>([
    { kind: plan.objects % 2 === 0 ? 'down' : 'credentials', from: plan.start, to: calmAt - HOUR },
  ])
  const destinations = plan.destinations.map(
    (each): DestinationPlan => (each === ill ? { ...each, weather: down } : each),
  )
  const [first] = plan.lives
  const others = plan.lives.slice(-1).map((life): Life => ({ ...life, from: calmAt }))
  const lives =
    first === undefined
      ? plan.lives
      : [{ ...first, once: false, to: calmAt - HOUR, end: { kind: 'stop' } as const }, ...others]
  return speaking({ ...plan, calmAt, destinations, lives })
}

/** One life as so many shorter ones in a row, so that the process can die that often. */
function pieces(life: Life, count: number): readonly Life[] {
  const length = (life.to - life.from) / count
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor(life.from + index * length)
    return { ...life, once: false, from, to: Math.floor(from + length - Math.min(1_000, length / 2)) }
  })
}

/** Somebody mends, where there is something to mend: records refused, events withheld, destinations that began late. */
function mended(plan: Plan): Plan {
  const destinations = plan.destinations.map((destination): DestinationPlan => {
    const poison = destination.healthy ? destination.nature.poison : 12
    return { ...destination, nature: { ...destination.nature, poison } }
  })
  return { ...plan, mended: true, destinations }
}

/** All lives but the last, in which nothing goes wrong any more. */
function mortal({ lives }: Plan): readonly Life[] {
  return lives.slice(0, -1)
}
