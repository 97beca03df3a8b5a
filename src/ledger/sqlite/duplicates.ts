import assert from 'node:assert/strict'
import { addRanges, covers, meets } from '../../domain/ranges.ts'
import type { BadBytes, Claimant, Copy, Decision, Undecided } from '../duplicates.ts'
import { claimAll, type Verdict } from './claims.ts'
import type { Connection } from './connection.ts'
import { heldRanges } from './endings.ts'
import type { Held } from './held.ts'
import { keep } from './quarantine.ts'
import { complete, delivery, existing, outstanding, touchHour } from './rows.ts'

interface Progress {
  readonly decided: number
  readonly length: number | null
}

export function decide(db: Connection, held: Held, chunk: Undecided, now: number, quarantineCap: number): Decision {
  const known = db.get<Progress>('SELECT decided, length FROM objects WHERE ref = ?', chunk.object)
  assert(known !== undefined, `no object ${chunk.object}`)
  assert(chunk.from <= known.decided, `object ${chunk.object}: chunk at ${chunk.from}, decided to ${known.decided}`)
  const before = stored(db, chunk, known)
  const anew = chunk.from < known.decided ? recut(db, chunk, known.decided) : []
  const isUndecided = ({ from }: { readonly from: number }) => {
    return from >= known.decided || anew.some((one) => one.wasDecided === 0 && one.recut <= from && from < one.to)
  }
  const undecided = chunk.claimants.filter(isUndecided)
  const bad = chunk.bad.filter((stretch) => isUndecided(stretch) || !isKept(db, chunk.object, stretch.from))
  // A copy that was sealed stays one: whose it is nobody else may remember.
  const wasCopy = new Set(before.copies.map(({ from }) => from).filter((from) => from >= known.decided))
  const open = undecided.filter(({ from }) => !wasCopy.has(from))
  const decided = record(db, chunk.object, open, claimAll(db, chunk.object, open))
  for (const stretch of bad) {
    const entry = keepBad(db, chunk.object, stretch, now, quarantineCap)
    if (!isUndecided(stretch)) noteDealt(db, held, entry, chunk.object, stretch)
  }
  for (const { id, to } of anew) db.run('UPDATE quarantine SET recut = ? WHERE id = ?', Math.min(to, chunk.to), id)
  // One that was sealed is decided once more, and counted already.
  const counted = undecided.filter(({ from }) => known.length === null || from < known.decided)
  if (counted.length + bad.length > 0) tallyObject(db, chunk.object, counted, bad.length)
  if (chunk.to > known.decided || chunk.end) mark(db, chunk, known)
  return {
    copies: together(before.copies, decided.copies, ({ from }) => from),
    reused: together(before.reused, decided.reused, ([from]) => from),
  }
}

/** In order. What was bad in between may have been decided before: then the later decision counts. */
function together<T>(before: readonly T[], now: readonly T[], at: (one: T) => number): T[] {
  const decided = new Set(now.map(at))
  return [...before.filter((one) => !decided.has(at(one))), ...now].sort((a, b) => at(a) - at(b))
}

interface Recut {
  readonly id: number
  readonly from: number
  readonly to: number
  readonly recut: number
  readonly wasDecided: number
}

/** Stretches on their way again that the chunk shows to be something else than they were taken for. */
function recut(db: Connection, { object, from, to, bad }: Undecided, decided: number): Recut[] {
  const entries = db.all<Recut>(
    `SELECT id, start AS "from", stop AS "to", ifnull(recut, start) AS recut,
       was_decided AS wasDecided FROM quarantine INDEXED BY replays
     WHERE object = ? AND replay IS NOT NULL AND destination IS NULL AND start < ? AND stop > ? AND start < ?
       AND ifnull(recut, start) < ? AND ifnull(recut, start) < stop`,
    object,
    to,
    from,
    decided,
    to,
  )
  return entries.filter((entry) => !bad.some((stretch) => stretch.from === entry.from && stretch.to === entry.to))
}

interface StoredCopy {
  readonly start: number
  readonly stop: number
  readonly owner: number
  readonly ownerStart: number
}

/** What was decided before for the part of the chunk that lies below the mark, or all of it before it was sealed. */
function stored(db: Connection, { object, from, to }: Undecided, { decided, length }: Progress): Decision {
  if (from >= decided && length === null) return { copies: [], reused: [] }
  const copies = db.all<StoredCopy>(
    `SELECT start, stop, owner, owner_start AS ownerStart FROM copies
     WHERE object = ? AND start >= ? AND start < ? ORDER BY start`,
    object,
    from,
    to,
  )
  const reused = db.all<{ start: number; stop: number }>(
    'SELECT start, stop FROM reused WHERE object = ? AND start >= ? AND start < ? ORDER BY start',
    object,
    from,
    to,
  )
  return {
    copies: copies.map(({ start, stop, owner, ownerStart }) => {
      return { from: start, to: stop, owner: { object: owner, from: ownerStart } }
    }),
    reused: reused.map(({ start, stop }) => [start, stop]),
  }
}

function record(
  db: Connection,
  object: number,
  claimants: readonly Claimant[],
  verdicts: readonly Verdict[],
): Decision {
  const copies: Copy[] = []
  const reused: [number, number][] = []
  for (const [index, verdict] of verdicts.entries()) {
    const { from, to } = claimants[index] as Claimant
    if (verdict.kind === 'copy') {
      const { owner } = verdict
      db.run(
        'INSERT OR REPLACE INTO copies (object, start, stop, owner, owner_start, owner_stop) VALUES (?, ?, ?, ?, ?, ?)',
        object,
        from,
        to,
        owner.object,
        owner.from,
        owner.to,
      )
      copies.push({ from, to, owner: { object: owner.object, from: owner.from } })
    } else if (verdict.kind === 'reused') {
      db.run('INSERT OR REPLACE INTO reused (object, start, stop) VALUES (?, ?, ?)', object, from, to)
      reused.push([from, to])
    }
  }
  return { copies, reused }
}

function keepBad(db: Connection, object: number, bad: BadBytes, now: number, cap: number): number {
  const { from, to, ...rest } = bad
  const place = { destination: undefined, receiver: undefined, object, from, to }
  return keep(db, { ...rest, ...place, provisional: false, at: now }, cap)
}

/** Destinations that have settled the stretch before it turned out to be no event, or have it on its way. */
function noteDealt(db: Connection, held: Held, entry: number, object: number, { from, to }: BadBytes): void {
  db.run('UPDATE quarantine SET was_decided = 1 WHERE id = ?', entry)
  const rows = db.all<{ destination: string }>('SELECT destination FROM deliveries WHERE object = ?', object)
  for (const { destination } of rows) {
    const row = existing(db, destination, object)
    const dealt = addRanges(row.settled, heldRanges(db, held, row))
    if (meets(dealt, from, to)) db.run('INSERT INTO dealt (entry, destination) VALUES (?, ?)', entry, destination)
  }
}

function isKept(db: Connection, object: number, from: number): boolean {
  const sql = 'SELECT 1 FROM quarantine WHERE object = ? AND start = ? AND destination IS NULL'
  return db.get(sql, object, from) !== undefined
}

/** What has been found in an object, in all and in it. For routes that are done with it that is news. */
function tallyObject(db: Connection, object: number, events: readonly Claimant[], bad: number): void {
  db.run('UPDATE totals SET events = events + ?, bad = bad + ?', events.length, bad)
  db.run(
    `UPDATE objects SET events = events + ?, bad = bad + ?, first_id = coalesce(first_id, ?),
       last_id = coalesce(?, last_id) WHERE ref = ?`,
    events.length,
    bad,
    events[0]?.id ?? null,
    events[events.length - 1]?.id ?? null,
    object,
  )
  const sql = `SELECT route, time FROM deliveries WHERE object = ? AND state <> ${outstanding}`
  for (const row of db.all<{ route: number; time: number }>(sql, object)) touchHour(db, row)
}

/** How far the object is decided now; at its end, rows that have everything else are settled. */
function mark(db: Connection, { object, to, end }: Undecided, known: Progress): void {
  assert(!end || known.length === null || known.length === to, `object ${object} ends at ${known.length}`)
  const decided = Math.max(known.decided, to)
  db.run('UPDATE objects SET decided = ?, length = ? WHERE ref = ?', decided, end ? to : known.length, object)
  if (!end) return
  const sql = `SELECT destination FROM deliveries WHERE object = ? AND state <> 1`
  for (const { destination } of db.all<{ destination: string }>(sql, object)) {
    const row = delivery(db, destination, object)
    if (row !== undefined && covers(row.settled, 0, to)) complete(db, row, row.settled, {})
  }
}
