// What some worlds are about: changes of a drawn plan that bring together what would rarely meet by chance.
import type { BucketTrouble } from './bucket.ts'
import type { Chance } from './chance.ts'
import { type DestinationPlan, HOUR, type Plan } from './plan.ts'
import { Weather } from './weather.ts'

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
export function narrowing(plan: Plan): Plan {
  const destinations = plan.destinations.map((destination): DestinationPlan => {
    if (!destination.nature.exactlyOnce) return destination
    const nature = { ...destination.nature, recordsMax: 25, hiccups: 0.4, narrows: true }
    return { ...destination, healthy: false, nature, records: 25, bytes: 6000 }
  })
  return { ...plan, destinations }
}
