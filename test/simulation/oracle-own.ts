// Promise 9: the forwarder's own death is visible, and any miscount. Every heartbeat has arrived, or is one of those that
// another one stands for; between two of them there is never more than the interval and a little while destination and
// process are well; and the last account of every hour says what the world knows of it.
import { isOwnReceiver, type OwnRecord, ownRecord, ownStore } from '../../src/domain/own-records.ts'
import type { QuarantineEntry } from '../../src/ledger/quarantine.ts'
import type { Case } from './oracle.ts'
import { HOUR, MINUTE } from './plan.ts'
import type { Heard } from './spoken.ts'
import type { Occurrence, TrueObject } from './truth.ts'

/** A heartbeat may be late and on its way for so long: whoever sleeps here may oversleep. */
const BOUND_MS = 45 * MINUTE
/** The forwarder waits so long after an hour, for what comes late. */
const MARGIN_MS = 5 * MINUTE

interface Arrived extends Heard {
  /** When it was first stored. */
  readonly storedAt: number
}

export function judgeOwn(one: Case, refusals: readonly QuarantineEntry[]): void {
  const { plan, destination, server, spoken, verdict } = one
  const arrived = [...server.rows].flatMap(([event, [first]]): Arrived[] => {
    const heard = spoken.of(event)
    return heard === undefined || first === undefined ? [] : [{ ...heard, storedAt: first.at }]
  })
  const told = plan.own?.told.get(destination.id) ?? 'nothing'
  const unwanted = arrived.find(({ kind }) => told === 'nothing' || (told === 'gaps' && !kind.startsWith('gap.')))
  if (unwanted !== undefined) verdict.breaks(`own: ${destination.id} was told ${unwanted.kind}, and wants ${told}`)
  if (told !== 'everything') return
  judgeCount(one, arrived, refusals)
  judgePauses(one, arrived)
  judgeHours(one, arrived, refusals)
}

/** None is missing, and none is counted twice. */
function judgeCount(
  { destination, spoken, verdict, watch, ledger }: Case,
  arrived: readonly Arrived[],
  refusals: readonly QuarantineEntry[],
) {
  // What a destination that was gone for a week was to be told is forgotten.
  if (watch.lives.some(({ life }) => !life.filters.has(destination.id))) return
  const owed = spoken.owed.get(destination.id) ?? new Set()
  const beats = arrived.filter(({ kind }) => kind === 'heartbeat')
  const kept = refusals.map(recordIn)
  const heard = new Map([...beats, ...kept.filter(({ kind }) => kind === 'heartbeat')].map((beat) => [beat.id, beat]))
  const waiting = ledger.waiting(destination.id, { kind: 'heartbeat', before: Number.MAX_SAFE_INTEGER, limit: 999 })
  for (const { record } of waiting) heard.set(record.id, record)
  const count = [...heard.values()].reduce((sum, { attributes }) => sum + Number(attributes['heartbeats'] ?? 1), 0)
  if (count !== owed.size)
    verdict.breaks(`own: ${destination.id} was to hear ${owed.size} heartbeats and heard of ${count}`)
}

/** Never more than the interval and a little apart, while all is well. */
function judgePauses(one: Case, arrived: readonly Arrived[]): void {
  const { destination, plan, verdict, watch, now } = one
  if (!destination.healthy || destination.nature.slow) return
  const bound = (plan.own?.heartbeatMs ?? 0) + BOUND_MS
  const stored = arrived.filter(({ kind }) => kind === 'heartbeat').map(({ storedAt }) => storedAt)
  const times = [...stored, ...refusedTimes(one)]
  for (const { life, from, to } of watch.lives) {
    if (life.once || !life.filters.has(destination.id)) continue
    const end = Math.min(to, now)
    const inLife = times.filter((time) => from <= time && time <= end).sort((a, b) => a - b)
    const marks = [...inLife, end]
    for (const [index, mark] of marks.slice(1).entries()) {
      const before = marks[index] as number
      if (mark - before > bound && isFair({ plan }, before, mark))
        verdict.breaks(`own: ${destination.id} heard no heartbeat for ${Math.round((mark - before) / MINUTE)} min`)
    }
  }
}

/** When a heartbeat came and was refused for what it is: it came. */
function refusedTimes({ server, spoken }: Case): readonly number[] {
  return [...server.refused].flatMap(([event, refusals]) =>
    spoken.of(event)?.kind === 'heartbeat' ? refusals.map(({ at }) => at) : [],
  )
}

function isFair({ plan }: Pick<Case, 'plan'>, from: number, to: number): boolean {
  return !plan.disk.touches(from, to) && !plan.skews.some((skew) => skew.from < to && from < skew.to)
}

type Said = Readonly<Record<string, unknown>>

/** The last account of each hour, by receiver and hour. */
function lastAccounts(arrived: readonly Arrived[], refusals: readonly QuarantineEntry[]): Map<string, Said> {
  const accounts = [...arrived, ...refusals.map(recordIn)].filter(({ kind }) => kind === 'control')
  const sorted = accounts.map(({ attributes }) => attributes as Said).sort((a, b) => revisionOf(a) - revisionOf(b))
  return new Map(sorted.map((said) => [`${said['receiver']} ${said['hour']}`, said]))
}

function revisionOf(said: Said): number {
  return Number(said['revision'])
}

function recordIn({ bytes }: QuarantineEntry): OwnRecord {
  return ownRecord(Buffer.from(bytes ?? []).toString())
}

function judgeHours(one: Case, arrived: readonly Arrived[], refusals: readonly QuarantineEntry[]): void {
  const { destination, ledger, plan } = one
  const last = lastAccounts(arrived, refusals)
  for (const { destination: id, receiver } of ledger.routes()) {
    if (id !== destination.id || isOwnReceiver(receiver)) continue
    const source = `s3://${plan.buckets[Number(receiver.split('/')[1])]?.name}`
    const hours = Map.groupBy(objectsOf(one, source), ({ time }) => Math.floor(time / HOUR) * HOUR)
    const done = Math.floor(((ledger.sweptTo(receiver) ?? 0) - MARGIN_MS) / HOUR) * HOUR
    for (const [hour, objects] of hours) {
      if (hour + HOUR > done) continue
      const name = `${receiver} ${new Date(hour).toISOString()}`
      judgeHour(one, name, objects, last.get(name))
      last.delete(name)
    }
    const others = [...last].filter(([name]) => name.startsWith(`${receiver} `))
    for (const [name, said] of others) judgeHour(one, name, [], said)
  }
}

/** What lies, or lay, in the bucket for this destination, as far as anybody has seen it. */
function objectsOf({ truth, startOf, watch, destination }: Case, source: string): readonly TrueObject[] {
  const lost = watch.lostAt.get(destination.id)
  return truth.objects.filter((object) => {
    const isTold = watch.seen.has(object) && (watch.isOwed(destination.id, object) || lost?.has(object) === true)
    return object.source === source && !object.probe && object.time >= startOf(object) && isTold
  })
}

function judgeHour(one: Case, name: string, objects: readonly TrueObject[], said: Said | undefined): void {
  const { destination, verdict, watch, plan } = one
  if (said === undefined) {
    verdict.breaks(`own: ${destination.id} was told nothing of ${name}, in which ${objects.length} objects came`)
    return
  }
  const number = (of: string): number => Number(said[of])
  const says = (of: string, value: number): void => {
    if (number(of) !== value)
      verdict.breaks(`own: ${destination.id} was told of ${number(of)} ${of} in ${name}, and there are ${value}`)
  }
  says('objects', objects.length)
  // Of what was lost nobody can say how much of it had arrived.
  if (objects.some((object) => watch.lostAt.get(destination.id)?.has(object) === true)) return
  const occurrences = objects.flatMap((object) => object.occurrences)
  const bad = objects.reduce((sum, object) => sum + object.bad.length, 0)
  says('events', occurrences.length)
  says('bad_lines', bad)
  const quarantined = occurrences.filter((occurrence) => isQuarantined(one, occurrence))
  says('quarantined', bad + quarantined.length)
  const passed = number('filtered') + number('duplicates')
  if (number('delivered') + number('quarantined') + passed !== occurrences.length + bad)
    verdict.breaks(`own: what ${destination.id} was told of ${name} does not add up`)
  // Where a batch is given up, what it had stored may be withheld, refused or a copy afterwards.
  if (!plan.thieves) judgeDelivered(one, name, occurrences, number('delivered'))
}

/** An event that was written down more than once may have been delivered from here or from elsewhere. */
function judgeDelivered(one: Case, name: string, occurrences: readonly Occurrence[], said: number): void {
  const there = occurrences.filter((occurrence) => isStored(one, occurrence))
  const surely = there.filter(({ event }) => event.occurrences.length === 1).length
  if (said < surely || said > there.length)
    one.verdict.breaks(
      `own: ${one.destination.id} was told of ${said} delivered in ${name}, and there are ${surely} to ${there.length}`,
    )
}

function isQuarantined({ entries, ledger }: Case, { object, offset }: Occurrence): boolean {
  return entries.some((entry) => {
    if (entry.object?.store !== object.source || entry.object.key !== object.key || entry.offset !== offset)
      return false
    return ledger.object(entry.object.ref)?.version === object.version
  })
}

function isStored(one: Case, occurrence: Occurrence): boolean {
  return one.server.holds(occurrence.event) && !isQuarantined(one, occurrence)
}

export function isOwnEntry({ object }: QuarantineEntry): boolean {
  return object?.store === ownStore
}
