import { gapReceiver, ownReceiver, ownStore } from '../../src/domain/own-records.ts'
import { covers } from '../../src/domain/ranges.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { badBytes, bare, chunkOf, contentOf, hour, readRow, refusal, settleReading, sighting, start } from './lane.ts'
import { destinations, dueAll, type Numbers, ownActs, pick } from './steps-own.ts'
import { watchActs } from './steps-watch.ts'
import { receivers, refs } from './view.ts'
import { Witness } from './witness.ts'

const [, , newName] = destinations
const routePool = destinations
  .slice(0, 2)
  .flatMap((destination) => receivers.map((receiver) => ({ destination, receiver })))

function namesIn(ledger: Ledger): ReadonlySet<string> {
  return new Set([...ledger.routes(), ...ledger.retired()].map(({ destination }) => destination))
}

type Act = (ledger: Ledger, step: Numbers, now: number, witness?: Witness) => unknown

const tally = { delivered: 0, filtered: 1, duplicates: 0, quarantined: 0 }

export const acts = {
  enrol: (ledger, { a, b, c }, now) => {
    const renamed = namesIn(ledger).has(newName) ? c % 5 : undefined
    const named = routePool.map((route, index) => (index >> 1 === renamed ? { ...route, destination: newName } : route))
    const wanted = named.filter((_, index) => ((a % 15) + 1) & (1 << index))
    const takers = [...new Set(wanted.map(({ destination }) => destination))].filter((_, index) => (c >> index) % 3 > 0)
    const own = takers.map((destination, index) => ({ destination, receiver: index > 0 ? gapReceiver : ownReceiver }))
    return ledger.enrol(
      [...wanted, ...own].map((route, index) => ({ ...route, startAt: start + ((b + index) % 3) * hour })),
      now,
    )
  },
  rename: (ledger, { a, b, c }, _now, witness) => {
    const known = namesIn(ledger)
    const [from, to] = [
      destinations[a % 3] ?? '',
      pick(
        destinations.filter((name) => c % 4 === 0 || !known.has(name)),
        b,
      ),
    ]
    if (to === undefined) return
    ledger.rename(from, to)
    witness?.rename(from, to)
  },
  see: (ledger, { a, b, c }, now, witness) => {
    const sightings = Array.from({ length: 1 + (b % 5) }, (_, index) => sighting((a + index * 3) % 24))
    const receiver = receivers[c % 4 === 0 ? 1 : 0]
    witness?.announce(receiver, sightings)
    return ledger.see(receiver, 's3://audit', sightings, 'swept', now)
  },
  rewritten: (ledger, { a, b }, now, witness) => {
    const other = { ...sighting(a % 24), version: `w${b % 2}` }
    witness?.announce('bucket', [other])
    return ledger.see('bucket', 's3://audit', [other], 'notified', now)
  },
  altered: (ledger, { a }, now) => {
    const object = pick(refs(ledger), a)
    return object && ledger.altered(object, 'abcd', now)
  },
  /** A reading for which some good event is bad. */
  decideOtherwise: (ledger, { a, b }, now) => {
    const object = pick(refs(ledger), a)
    if (object === undefined) return
    const chunk = chunkOf(object, 0, 99)
    const spoilt = chunk.claimants[b % 3]
    if (spoilt === undefined) return
    const claimants = chunk.claimants.filter((one) => one !== spoilt)
    const bad = [...chunk.bad, badBytes(spoilt.from, spoilt.to)].sort((one, other) => one.from - other.from)
    return ledger.decide({ ...chunk, claimants, bad }, now)
  },
  belonging: (ledger, { a, b, c }, now) => {
    const stop = { expected: `org ${b % 3}`, reason: 'only others', since: now }
    const found = c % 3 === 0 ? undefined : `org ${c % 3}`
    return ledger.belongings.note({
      receiver: receivers[a % 2] ?? 'bucket',
      found,
      stop: b % 2 === 0 ? stop : undefined,
    })
  },
  swept: (ledger, { a, b }) => ledger.swept(receivers[b % 2] ?? 'bucket', start + (a % 6) * hour),
  decide: (ledger, { a, b, c }, now) => {
    const object = pick(refs(ledger), a)
    return object && ledger.decide(chunkOf(object, b % 3, (b % 3) + (c % 5)), now)
  },
  read: (ledger, { a, b, c }, now) => {
    const destination = destinations[a % 3] ?? 'splunk'
    const query = { now, limit: 3, newest: b % 2 === 0, except: new Set<number>(), maxDelay: hour }
    const row = pick(ledger.due(destination, query), b)
    if (row === undefined || row.object.store === ownStore) return undefined
    const reading = readRow(ledger, destination, row.object, c % 4, now)
    settleReading(ledger, destination, row.object.ref, reading)
    const members = reading.deliverable.slice(0, 1 + (c % 4)).map(bare)
    return members.length === 0 ? reading : ledger.intend(destination, [{ token: `t${now}`, members }], now)
  },
  judge: (ledger, { a, b }) => {
    const destination = destinations[b % 3] ?? 'splunk'
    const row = pick(dueAll(ledger, destination), a)
    if (row === undefined || row.object.store === ownStore) return undefined
    const { object } = row
    if (object.length === undefined) return ledger.adopted(destination, object.ref)
    const { copies } = ledger.decide(chunkOf(object, 0, 99), 0)
    return [ledger.judge(destination, object.ref, copies), ledger.adopted(destination, object.ref)]
  },
  attempted: (ledger, { a, b, c }, now) => {
    const intent = pick(ledger.intents(destinations[b % 3] ?? ''), a)
    return intent && ledger.attempted(intent.id, { ambiguous: c % 2 === 0, dueAt: now + c, reason: `try ${c}` })
  },
  resolve: (ledger, { a, b, c }, now, witness) => {
    const destination = destinations[b % 3] ?? ''
    const intent = pick(ledger.intents(destination), a)
    if (intent === undefined) return undefined
    const indexes = [...intent.members.keys()]
    const fate = (index: number) => (c + index * (1 + (a % 3))) % 4
    const refuse = (index: number) => ({
      ...refusal(index, intent.members[index]?.from),
      certain: (a + index) % 3 === 0,
    })
    const stored = c % 3 === 0 ? indexes : indexes.filter((index) => fate(index) === 0)
    const refused = c % 3 === 0 ? [] : indexes.filter((index) => fate(index) === 1).map(refuse)
    const again = c % 3 === 0 ? [] : intent.members.filter((_, index) => fate(index) === 2)
    const drafts = again.length === 0 ? [] : [{ token: `s${now}`, members: again }]
    const resolution = {
      delivered: c % 3 === 0 ? ('all' as const) : stored,
      refused,
      drafts,
      possibleDuplicates: b % 2,
      // Some too far ahead, and some of nobody knows when.
      eventTimes: indexes.map((index) =>
        fate(index) === 3 ? undefined : now + ((c * 7 + index) % 9) * 90_000 - 400_000,
      ),
    }
    const result = ledger.resolve(intent.id, resolution, now)
    for (const index of stored) witness?.store(ledger, destination, intent.members[index])
    return result
  },
  revoke: (ledger, { a, b }, now) => {
    const destination = destinations[a % 3] ?? ''
    const some = ledger.provisional(destination).filter((_, index) => index % 2 === 0)
    return b % 2 === 0 ? ledger.revoke(destination, now + 5) : ledger.revoke(destination, now + 5, some)
  },
  settle: (ledger, { a, b, c }) => {
    // Often twice, or where there is no row: both must refuse.
    const from = (c % 5) * 10
    return ledger.settle(destinations[b % 3] ?? '', [{ object: 1 + (a % 9), ranges: [[from, from]], tally }])
  },
  settleTwice: (ledger, { a, b }) => {
    const object = 1 + (a % 9)
    const once = { object, ranges: [[0, 10]] as const, tally }
    const before = ledger.row(destinations[b % 3] ?? '', object)
    if (before?.settled.length === 0) return ledger.settle(destinations[b % 3] ?? '', [once, once])
    return ledger.settle(destinations[b % 3] ?? '', [{ ...once, object: 99 }])
  },
  postpone: (ledger, { a, b, c }, now) => {
    const row = pick(dueAll(ledger, destinations[b % 3] ?? ''), a)
    return row && ledger.postpone(destinations[b % 3] ?? '', row.object.ref, now + c * 1000, `no ${c}`)
  },
  lose: (ledger, { a, b }, now, witness) => {
    const [destination, object] = [destinations[b % 3] ?? '', 1 + (a % 7)]
    const row = ledger.row(destination, object)
    if (row !== undefined) witness?.lose(destination, row.object)
    return ledger.lose(destination, object, 'gone', now)
  },
  advance: (ledger) => ledger.advance(),
  refill: (ledger, { a, b, c }, now, witness) => {
    const sightings = Array.from({ length: 1 + (b % 5) }, (_, index) => sighting((a + index * 3) % 24))
    const receiver = receivers[c % 4 === 0 ? 1 : 0]
    const named = c % 3 === 0 ? undefined : destinations.filter((_, index) => (index + c) % 3 !== 0)
    const how = { repair: 1 + (a % 5), destinations: named, force: b % 2 === 0 }
    const routes = ledger.routes().filter((route) => route.receiver === receiver)
    const found = routes.filter(({ destination }) => named?.some((name) => name === destination) ?? true)
    for (const { destination } of found) witness?.find(destination, sightings)
    return [
      ledger.survey(receiver, 's3://audit', sightings, how),
      ledger.refill(receiver, 's3://audit', sightings, how, now),
      ledger.refill(receiver, 's3://audit', sightings, how, now),
    ]
  },
  replay: (ledger, { a, b }, now) => {
    const entries = ledger.quarantine({ limit: 100 })
    return ledger.replay(pick(entries, a)?.id ?? 99, 1 + (b % 5), now)
  },
  remark: (ledger, { a, b }) => ledger.remark(pick(ledger.quarantine({ limit: 9 }), a)?.id ?? 99, `still ${b}`),
  understood: (ledger, { a }) => ledger.understood(pick(ledger.quarantine({ limit: 100 }), a)?.id ?? 99),
  /** A filter withholds what is due; some of it is sent later. */
  withhold: (ledger, { a, b, c }, now) => {
    const destination = destinations[b % 3] ?? ''
    const row = pick(dueAll(ledger, destination), a)
    if (row === undefined) return undefined
    const reading = readRow(ledger, destination, row.object, c % 4, now)
    const ranges = reading.deliverable.slice(0, 1 + (c % 3)).map(({ from, to }) => [from, to] as const)
    const tally = { delivered: 0, filtered: ranges.length, duplicates: 0, quarantined: 0 }
    return ledger.settle(destination, [{ object: row.object.ref, ranges, tally, withheld: ranges }])
  },
  release: (ledger, { a, b, c }, now) => {
    const destination = destinations[b % 3] ?? ''
    const query = { destination, receiver: undefined, from: 0, to: 9e15, after: 0, limit: 9 }
    const object = pick(ledger.withholding(query), a)
    if (object === undefined) return undefined
    const some = contentOf(object).filter((_, index) => (index + c) % 3 !== 0)
    return ledger.release(destination, some.map(bare), 1 + (c % 5), now)
  },
  /** A lane that nothing disturbs. */
  work: (ledger, { a }, now, witness = new Witness()) => work(ledger, witness, destinations[a % 3] ?? '', now),
  seal: (ledger, { a, b, c }, _now, witness) => {
    for (const object of refs(ledger)) witness?.known.set(object.ref, object)
    const after = b % 4 === 0 ? { time: start + (b % 24) * 600_000, object: c % 8 } : undefined
    return ledger.seal({ before: start + (a % 30) * 600_000, after, limit: 1 + (c % 9) })
  },
  prune: (ledger, { a, b, c }) => {
    const after = c % 3 === 0 ? Math.floor(start / hour) + (c % 4) - 2 : undefined
    return ledger.prune((a % 4) * hour, b % 3 === 0 ? start + (b % 5) * hour : undefined, after)
  },
  remember: (ledger, { a }) => {
    const object = pick(
      refs(ledger).filter(({ length }) => length !== undefined),
      a,
    )
    if (object === undefined) return undefined
    const { claimants } = chunkOf(object, 0, contentOf(object).length)
    ledger.imports.remember(object.ref, claimants)
    const positions = claimants.map(({ from }) => from)
    return [
      destinations.map((one) => ledger.imports.has(one, object.ref, positions)),
      ledger.imports.numbers(object.store, [object]),
    ]
  },
  stop: (ledger, { a, b }, now) => {
    const stopped = { cause: 'credentials' as const, reason: '401', since: now }
    return ledger.stop(destinations[a % 3] ?? '', b % 2 === 0 ? stopped : undefined)
  },
  message: (ledger, { a }, now) => ledger.quarantineMessage('bucket', 'x'.repeat(a % 50), 'unknown', now),
  ask: (ledger, { a }, now) => ledger.ask('replay', `{"n":${a}}`, 'ann', now),
  report: (ledger, { a, b }) => ledger.report(1 + (a % 4), String(b)),
  answer: (ledger, { a }) => ledger.answer(1 + (a % 4), 'done'),
  forgetAnswered: (ledger, { a, b }, now) => ledger.forgetAnswered(now - (a % 3) * hour, b % 3),
  ...ownActs,
  ...watchActs,
  due: (ledger, { a, b, c }, now) => {
    const except = new Set([1 + (a % 7), 1 + (b % 7)])
    const since = c % 5 === 0 ? now - (b % 7) * 60_000 : undefined
    const query = {
      now: now + (c % 3) * 5_000,
      limit: 1 + (c % 4),
      newest: b % 2 === 0,
      since,
      except,
      maxDelay: 10_000,
    }
    return [ledger.due(destinations[a % 3] ?? '', query), ledger.nextDue(destinations[a % 3] ?? '', except)]
  },
} satisfies Record<string, Act>

export type Kind = keyof typeof acts
export type Step = Numbers & { readonly kind: Kind }

/** Lists everything once more and lets every lane work until nothing is due. */
export function rest(ledger: Ledger, witness: Witness, now: number): void {
  for (const [receiver, sightings] of witness.announced) {
    ledger.see(receiver, 's3://audit', [...sightings.values()], 'swept', now)
  }
  for (const destination of new Set(ledger.routes().map((route) => route.destination))) {
    while (work(ledger, witness, destination, now));
    for (const { destination: whose, object, offset, provisional } of ledger.quarantine({ limit: 9999, destination })) {
      if (whose === undefined || object === undefined || provisional) continue
      witness.store(ledger, destination, { object: object.ref, from: offset })
    }
    for (const object of [...refs(ledger), ...witness.known.values()]) {
      const withheld = ledger.withheld(destination, object.ref)
      const items = contentOf(object).filter(({ from, to }) => covers(withheld, from, to))
      for (const { id } of items) witness.stored(destination).add(id)
    }
  }
}

/** What is on its way arrives, what is due is read and sent. False if there was nothing to do. */
export function work(ledger: Ledger, witness: Witness, destination: string, now: number): boolean {
  for (const { id, members } of ledger.intents(destination)) {
    ledger.resolve(id, { delivered: 'all' }, now)
    for (const member of members) witness.store(ledger, destination, member)
  }
  ledger.revoke(destination, now)
  const rows = dueAll(ledger, destination).filter(({ object }) => object.store !== ownStore)
  for (const { object } of rows) {
    const reading = readRow(ledger, destination, object, 2, now)
    settleReading(ledger, destination, object.ref, reading)
    const members = reading.deliverable.map(bare)
    if (members.length > 0) ledger.intend(destination, [{ token: 'rest', members }], now)
  }
  return rows.length > 0
}
