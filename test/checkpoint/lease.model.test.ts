// The promise of the lease, judged from outside: whatever becomes of requests, answers, clocks and processes, no two may
// send at any one moment; and when it all calms down, one does. `LEASE_RUNS=5000` plays that many fresh worlds.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Faults, type Process, TERM, World } from './lease-world.ts'

const asked = process.env['LEASE_RUNS']
const runs = (usual: number) => (asked === undefined ? { numRuns: usual, seed: 1 } : { numRuns: Number(asked) })

const faults = fc.record({
  lostRequests: fc.constantFrom(0, 0.05, 0.4),
  lostAnswers: fc.constantFrom(0, 0.05, 0.4),
  slow: fc.constantFrom(0, 0.1, 0.5),
  stopsAtAnswers: fc.constantFrom(0, 0, 0.02),
  drift: fc.constantFrom(0, 0.1),
  tells: fc.boolean(),
})
const plans = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  replicas: fc.integer({ min: 2, max: 5 }),
  faults,
  pauses: fc.integer({ min: 0, max: 12 }),
  gives: fc.boolean(),
})
interface Plan {
  readonly seed: number
  readonly replicas: number
  readonly faults: Faults
  readonly pauses: number
  readonly gives: boolean
}

const calm: Faults = { lostRequests: 0, lostAnswers: 0, slow: 0, stopsAtAnswers: 0, drift: 0, tells: false }
const STORM = 20 * TERM

test('no two replicas may send at one moment, and after the storm one does', async () => {
  let owners = 0
  const play = async (plan: Plan): Promise<void> => {
    const { world, epochs } = begun(plan)
    for (let pauses = 0; pauses < plan.pauses; pauses += 1) stopOne(world, plan)
    await world.run(STORM, () => atMostOne(world.processes))
    // What is still on its way from the storm arrives in the calm.
    world.faults = calm
    let sent = 0
    const END = STORM + 8 * TERM
    await world.run(END, () => {
      atMostOne(world.processes)
      if (world.processes.some(({ sends }) => sends)) sent = world.now
    })
    // Between one that gives it up and the next there may be a moment.
    expect(END - sent).toBeLessThan(TERM / 2)
    const all = epochs()
    expect(new Set(all).size).toBe(all.length)
    owners += all.length
  }
  await fc.assert(fc.asyncProperty(plans, play), runs(60))
  // Worlds in which nobody follows anybody would prove nothing.
  expect(owners).toBeGreaterThan(180)
})

test('what was begun in time is over when the next one begins', async () => {
  const play = async (drawn: Plan): Promise<void> => {
    const plan = { ...drawn, pauses: 0, faults: { ...drawn.faults, stopsAtAnswers: 0, drift: drawn.faults.drift / 2 } }
    const { world } = begun(plan)
    // A process that is stopped cannot end what it began; whoever runs does.
    await world.run(STORM, () => {
      const sender = world.processes.find(({ sends }) => sends)
      if (sender === undefined) return
      const others = world.processes.filter((one) => one !== sender && one.isUnderWay)
      expect(others.map(({ me }) => me.name)).toEqual([])
    })
  }
  await fc.assert(fc.asyncProperty(plans, play), runs(25))
})

test('one that gives it up is followed at once', async () => {
  const world = new World(random(7), calm)
  const [first, second] = [world.add('a'), world.add('b')]
  void first.live(() => 5 * TERM)
  await world.run(TERM, () => undefined)
  void second.live()
  let followed: number | undefined
  await world.run(8 * TERM, () => {
    if (world.head?.released) first.stoppedUntil = Number.POSITIVE_INFINITY
    if (second.sends) followed ??= world.now
  })
  expect(followed).toBeLessThan(5 * TERM + TERM / 3)
})

test('one that dies is followed when its term is over, and not before', async () => {
  const world = new World(random(7), calm)
  const [first, second] = [world.add('a'), world.add('b')]
  void first.live()
  await world.run(2 * TERM, () => undefined)
  first.stoppedUntil = Number.POSITIVE_INFINITY
  void second.live()
  let followed = 0
  await world.run(8 * TERM, () => {
    if (second.sends && followed === 0) followed = world.now
  })
  expect(followed).toBeGreaterThan(2.7 * TERM)
  expect(followed).toBeLessThan(3.3 * TERM)
})

test('one that comes long after the last one died does not wait where the store tells its time', async () => {
  const world = new World(random(7), { ...calm, tells: true })
  const [first, second] = [world.add('a'), world.add('b')]
  void first.live()
  await world.run(TERM, () => undefined)
  first.stoppedUntil = Number.POSITIVE_INFINITY
  await world.run(10 * TERM, () => undefined)
  void second.live()
  await world.run(10 * TERM + TERM / 10, () => undefined)
  expect(second.sends).toBe(true)
})

function begun(plan: Plan): { readonly world: World; readonly epochs: () => readonly number[] } {
  const world = new World(random(plan.seed), plan.faults)
  const processes = Array.from({ length: plan.replicas }, (_, index) => world.add(`replica ${index}`))
  for (const process of processes) {
    const tenure = plan.gives ? () => (1 + world.random() * 4) * TERM : undefined
    world.at(world.random() * TERM, process, () => void process.live(tenure))
  }
  return { world, epochs: () => processes.flatMap(({ epochs }) => epochs) }
}

/** For a moment or for terms; the one that sends more often than not, because that is where it matters. */
function stopOne(world: World, { seed }: Plan): void {
  const at = world.random() * STORM
  const forMs = world.random() ** 2 * 3 * TERM
  world.at(at, undefined, () => {
    const sender = world.processes.find(({ sends }) => sends)
    const picked = world.processes[(seed + Math.floor(at)) % world.processes.length]
    const chosen = world.random() < 0.7 ? (sender ?? picked) : picked
    if (chosen !== undefined) chosen.stoppedUntil = Math.max(chosen.stoppedUntil, world.now + forMs)
  })
}

function atMostOne(processes: readonly Process[]): void {
  const senders = processes.filter(({ sends }) => sends).map(({ me, lease }) => `${me.name}, epoch ${lease?.epoch}`)
  if (senders.length > 1) throw new Error(`${senders.join(' and ')} may send at one moment`)
}

/** Mulberry32. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
