import assert from 'node:assert/strict'
import { addRanges, meets } from '../../domain/ranges.ts'
import type { Position } from '../duplicates.ts'
import type { Attempt, Draft, Intent, Refused, Resolution, Resolved } from '../intents.ts'
import { checkResolution, newestEvents, totalBytes } from '../rules.ts'
import { decodeMembers, encodeMembers } from './codec.ts'
import type { Connection } from './connection.ts'
import { countRepair, end, endRow } from './endings.ts'
import type { Held } from './held.ts'
import { discard, keep } from './quarantine.ts'
import { count, delivery, existing, lost, outstanding } from './rows.ts'
import { stretches } from './stretches.ts'

interface StoredIntent extends Omit<Intent, 'members' | 'ambiguous' | 'reason'> {
  readonly destination: string
  readonly members: Uint8Array
  readonly ambiguous: number
  readonly reason: string | null
}

const columns = `id, destination, token, created_at AS createdAt, attempts, ambiguous, due_at AS dueAt, reason, members`

export function intents(db: Connection, destination: string): Intent[] {
  const sql = `SELECT ${columns} FROM intents WHERE destination = ? ORDER BY id`
  return db.all<StoredIntent>(sql, destination).map(present)
}

function present({ destination: _, members, ambiguous, reason, ...intent }: StoredIntent): Intent {
  return { ...intent, members: decodeMembers(members), ambiguous: ambiguous === 1, reason: reason ?? undefined }
}

/** After a restart each may have been sent. */
export function recover(db: Connection): void {
  db.run('UPDATE intents SET ambiguous = 1 WHERE ambiguous = 0')
}

export function intend(
  db: Connection,
  held: Held,
  destination: string,
  drafts: readonly Draft[],
  now: number,
): Intent[] {
  return drafts.map(({ token, members }) => {
    assert(members.length > 0, 'an intent without members')
    checkFree(db, held, destination, members)
    held.add(destination, members)
    const sql = 'INSERT INTO intents (destination, token, created_at, due_at, members) VALUES (?, ?, ?, ?, ?)'
    const id = db.insert(sql, destination, token, now, now, encodeMembers(members))
    return { id, token, members, createdAt: now, attempts: 0, ambiguous: false, dueAt: now, reason: undefined }
  })
}

function checkFree(db: Connection, held: Held, destination: string, members: readonly Position[]): void {
  const verdicts = provisional(db, destination)
  for (const [object, { ranges }] of stretches(members)) {
    const { settled } = existing(db, destination, object)
    const condemned = verdicts.filter((verdict) => verdict.object === object)
    if (totalBytes(addRanges([], ranges)) < totalBytes(ranges))
      assert.fail(`a byte of object ${object} is held twice by one intent in ${destination}`)
    for (const [from, to] of ranges) {
      if (meets(settled, from, to)) assert.fail(`object ${object} from byte ${from} on is settled in ${destination}`)
      const isCondemned = condemned.some((verdict) => verdict.from < to && from < verdict.to)
      if (isCondemned || held.has(destination, object, from, to))
        assert.fail(`object ${object} from byte ${from} on is held in ${destination}`)
    }
  }
}

function open(db: Connection, id: number): StoredIntent {
  const intent = db.get<StoredIntent>(`SELECT ${columns} FROM intents WHERE id = ?`, id)
  assert(intent !== undefined, `no open intent ${id}`)
  return intent
}

export function attempted(db: Connection, id: number, { ambiguous, dueAt, reason }: Attempt): Intent {
  db.run(
    'UPDATE intents SET attempts = attempts + 1, ambiguous = max(ambiguous, ?), due_at = ?, reason = ? WHERE id = ?',
    ambiguous ? 1 : 0,
    dueAt,
    reason,
    id,
  )
  return present(open(db, id))
}

export function resolve(
  db: Connection,
  held: Held,
  id: number,
  resolution: Resolution,
  now: number,
  quarantineCap: number,
): Resolved {
  const { destination, members: encoded } = open(db, id)
  const members = decodeMembers(encoded)
  const { refused = [], drafts = [], possibleDuplicates = 0, eventTimes = [] } = resolution
  const delivered = resolution.delivered === 'all' ? [...members.keys()] : resolution.delivered
  checkResolution(members, delivered, refused, drafts)
  db.run('DELETE FROM intents WHERE id = ?', id)
  held.release(destination, members)
  const stored = delivered.map((index) => members[index] as Position)
  deliver(db, destination, stored, newestEvents(members, delivered, eventTimes, now), now)
  for (const refusal of refused) {
    keepRefused(db, destination, members[refusal.member] as Position, refusal, now, quarantineCap)
  }
  const certain = refused.filter((refusal) => refusal.certain === true)
  for (const [object, { ranges, members: quarantined }] of stretches(positionsOf(members, certain))) {
    end(db, existing(db, destination, object), ranges, { quarantined })
  }
  if (possibleDuplicates > 0) {
    count(db, existing(db, destination, members[0]?.object ?? -1).route, { possibleDuplicates })
  }
  const confirmed = delivered.length > 0 ? confirm(db, destination) : 0
  const intents = intend(db, held, destination, drafts, now)
  giveUp(db, held, destination, members)
  return { intents, confirmed }
}

/** What is not on its way any more and lies in lost rows goes back to where it was settled once. */
function giveUp(db: Connection, held: Held, destination: string, positions: readonly Position[]): void {
  const sql = `SELECT reason FROM deliveries WHERE object = ? AND destination = ? AND state = ${lost} AND again IS NOT NULL`
  for (const object of stretches(positions).keys()) {
    const found = db.get<{ reason: string | null }>(sql, object, destination)
    const row = found && delivery(db, destination, object)
    if (row !== undefined) endRow(db, held, row, found?.reason ?? null)
  }
}

function positionsOf(members: readonly Position[], refused: readonly Refused[]): readonly Position[] {
  return refused.map(({ member }) => members[member] as Position)
}

/** One update a row, however many members it has. */
function deliver(
  db: Connection,
  destination: string,
  stored: readonly Position[],
  newest: ReadonlyMap<number, number | undefined>,
  at: number,
): void {
  for (const [object, { ranges, members: delivered }] of stretches(stored)) {
    const row = existing(db, destination, object)
    end(db, row, ranges, { delivered, last: { at, object, time: row.time, event: newest.get(object) } })
  }
}

function keepRefused(
  db: Connection,
  destination: string,
  { object, from, to }: Position,
  { member: _, certain = false, ...record }: Refused,
  now: number,
  cap: number,
): void {
  const again = `SELECT id, replay FROM quarantine
    WHERE object = ? AND destination = ? AND start = ? AND replay IS NOT NULL ORDER BY id LIMIT 1`
  const entry = db.get<{ id: number; replay: number }>(again, object, destination, from)
  const verdict = { provisional: !certain, at: now }
  if (entry === undefined) keep(db, { ...record, ...verdict, destination, receiver: undefined, object, from, to }, cap)
  else {
    const sql = 'UPDATE quarantine SET reason = ?, provisional = ?, at = ? WHERE id = ?'
    db.run(sql, record.reason, certain ? 0 : 1, now, entry.id)
    if (certain) stay(db, existing(db, destination, object), entry)
  }
  if (!certain) count(db, existing(db, destination, object).route, { provisional: 1 })
}

/** A refusal is final: the entry stays, and is on its way no more. */
function stay(
  db: Connection,
  row: { readonly repair: number | undefined },
  { id, replay }: { readonly id: number; readonly replay: number },
): void {
  db.run('UPDATE quarantine SET replay = NULL WHERE id = ?', id)
  if (replay !== row.repair) countRepair(db, replay, { quarantined: 1 })
}

interface VerdictRow extends Position {
  readonly id: number
  readonly replay: number | null
}

function verdicts(db: Connection, destination: string): VerdictRow[] {
  return db.all<VerdictRow>(
    `SELECT id, object, start AS "from", stop AS "to", replay FROM quarantine
     WHERE destination = ? AND provisional = 1 ORDER BY id`,
    destination,
  )
}

function confirm(db: Connection, destination: string): number {
  const waiting = verdicts(db, destination)
  for (const { id, object, from, to, replay } of waiting) {
    db.run('UPDATE quarantine SET provisional = 0 WHERE id = ?', id)
    if (replay !== null) stay(db, existing(db, destination, object), { id, replay })
    end(db, existing(db, destination, object), [[from, to]], { quarantined: 1, provisional: -1 })
  }
  return waiting.length
}

export function provisional(db: Connection, destination: string): Position[] {
  return verdicts(db, destination).map(({ object, from, to }) => ({ object, from, to }))
}

export function revoke(
  db: Connection,
  held: Held,
  destination: string,
  dueAt: number,
  only?: readonly Position[],
): number {
  const named = only && new Set(only.map(({ object, from }) => `${object} ${from}`))
  const waiting = verdicts(db, destination).filter(({ object, from }) => named?.has(`${object} ${from}`) ?? true)
  for (const { id, object, replay } of waiting) {
    if (replay === null) discard(db, id)
    else db.run('UPDATE quarantine SET provisional = 0 WHERE id = ?', id)
    const sql = `UPDATE deliveries SET due_at = ? WHERE object = ? AND destination = ? AND state = ${outstanding}`
    db.run(sql, dueAt, object, destination)
    count(db, existing(db, destination, object).route, { provisional: -1 })
  }
  giveUp(db, held, destination, waiting)
  return waiting.length
}
