import type { Gap, Symptom } from '../../domain/gaps.ts'
import { importOf } from '../../domain/imports.ts'
import { HOUR, type Minutes, minuteOf, minutesOf } from '../minutes.ts'
import { hourOf } from '../rules.ts'
import { mostCounted, type Noted, type QuarantineCount, type WatchLedger } from '../watch.ts'
import type { Connection, Durability } from './connection.ts'
import { outstanding } from './rows.ts'

const MINUTE_MS = 60_000

export class SqliteWatch implements WatchLedger {
  readonly #db: Connection
  /** Makes a transaction of what it is given. */
  readonly #write: (durability: Durability, body: () => void) => void

  constructor(db: Connection, write: (durability: Durability, body: () => void) => void) {
    this.#db = db
    this.#write = write
  }

  arrivals(receiver: string, from: number, to: number): readonly number[] {
    const sql = 'SELECT hour, first, second FROM arrivals WHERE receiver = ? AND hour > ? AND hour < ? ORDER BY hour'
    const rows = this.#db.all<Minutes>(sql, receiver, from - HOUR, to)
    return rows.flatMap(minutesOf).filter((minute) => minute >= from && minute < to)
  }

  learn(receiver: string, minutes: readonly number[]): void {
    this.#write('volatile', () => {
      for (const minute of minutes) noteArrival(this.#db, receiver, minute * MINUTE_MS)
    })
  }

  eventMinutes(receiver: string, from: number, to: number): readonly number[] {
    const rows = this.#db.all<{ minute: number }>(
      `SELECT DISTINCT c.at / ${MINUTE_MS} AS minute FROM claims c LEFT JOIN objects o ON o.ref = c.object
       WHERE c.hour BETWEEN ? AND ? AND c.at >= ? AND c.at < ?
         AND (o.receiver IN (SELECT value FROM json_each(?))
           OR EXISTS (SELECT 1 FROM also_seen s WHERE s.receiver = ? AND s.object = o.ref)
           OR (SELECT last FROM forgotten WHERE receiver = ? AND first <= c.object ORDER BY first DESC LIMIT 1) >= c.object)
       ORDER BY minute`,
      hourOf(from * MINUTE_MS),
      hourOf(to * MINUTE_MS),
      from * MINUTE_MS,
      to * MINUTE_MS,
      JSON.stringify([receiver, ...this.#importsOf(receiver)]),
      receiver,
      receiver,
    )
    return rows.map(({ minute }) => minute)
  }

  #importsOf(receiver: string): readonly string[] {
    const rows = this.#db.all<{ receiver: string }>(
      "SELECT DISTINCT receiver FROM routes WHERE receiver GLOB 'import:*'",
    )
    return rows.flatMap((row) => (importOf(row.receiver)?.receiver === receiver ? [row.receiver] : []))
  }

  unread(receiver: string): number | undefined {
    return this.#db.get<{ time: number }>(
      `SELECT o.time FROM objects o INDEXED BY objects_undecided WHERE o.length IS NULL
         AND EXISTS (SELECT 1 FROM deliveries d JOIN routes r ON r.id = d.route
           WHERE d.object = o.ref AND d.state = ${outstanding} AND r.active = 1 AND r.receiver = ?)
       ORDER BY o.time LIMIT 1`,
      receiver,
    )?.time
  }

  quarantined(): readonly QuarantineCount[] {
    const names = this.#db.all<{ destination: string }>(
      'SELECT DISTINCT destination FROM routes WHERE active = 1 ORDER BY destination',
    )
    return [null, ...names.map(({ destination }) => destination)].flatMap((destination) => this.#refused(destination))
  }

  #refused(destination: string | null): readonly QuarantineCount[] {
    const rest = 'FROM quarantine INDEXED BY at_rest WHERE destination IS ? AND provisional = 0 AND replay IS NULL'
    const first = this.#db.get<{ at: number; reason: string }>(
      `SELECT at, reason FROM quarantine INDEXED BY entries WHERE id = (SELECT id ${rest} ORDER BY id LIMIT 1)`,
      destination,
    )
    if (first === undefined) return []
    const sql = `SELECT count(*) AS n FROM (SELECT 1 ${rest} LIMIT ${mostCounted + 1})`
    const n = this.#db.get<{ n: number }>(sql, destination)?.n ?? 0
    const { at: since, reason } = first
    const counted = { entries: Math.min(n, mostCounted), more: n > mostCounted }
    return [{ destination: destination ?? undefined, ...counted, since, reason }]
  }

  memory(name: string): string | undefined {
    return this.#db.get<{ body: string }>('SELECT body FROM memories WHERE name = ?', name)?.body
  }

  remember(name: string, text: string): void {
    this.#write(
      'volatile',
      () => void this.#db.run('INSERT OR REPLACE INTO memories (name, body) VALUES (?, ?)', name, text),
    )
  }

  note(symptom: Symptom): void {
    this.#write('volatile', () => void this.#db.run('INSERT INTO symptoms (body) VALUES (?)', JSON.stringify(symptom)))
  }

  noted(limit: number): readonly Noted[] {
    const rows = this.#db.all<{ id: number; body: string }>('SELECT id, body FROM symptoms ORDER BY id LIMIT ?', limit)
    return rows.map(({ id, body }) => ({ id, symptom: JSON.parse(body) as Symptom }))
  }

  taken(id: number): void {
    this.#write('volatile', () => void this.#db.run('DELETE FROM symptoms WHERE id <= ?', id))
  }

  keep(gap: Gap): void {
    const sql = 'INSERT OR REPLACE INTO gaps (id, opened_at, closed_at, body) VALUES (?, ?, ?, ?)'
    this.#write('durable', () => {
      this.#db.run(sql, gap.id, gap.openedAt, gap.closed?.at ?? null, JSON.stringify(gap))
    })
  }

  gap(id: string): Gap | undefined {
    const found = this.#db.get<{ body: string }>('SELECT body FROM gaps WHERE id = ?', id)
    return found && gapOf(found.body)
  }

  gaps({ closed }: { readonly closed: number }): readonly Gap[] {
    const rows = this.#db.all<{ body: string }>(
      `SELECT * FROM (SELECT body, opened_at, id FROM gaps WHERE closed_at IS NULL
         UNION ALL SELECT * FROM (SELECT body, opened_at, id FROM gaps WHERE closed_at IS NOT NULL
           ORDER BY closed_at DESC, id LIMIT ?))
       ORDER BY opened_at DESC, id`,
      closed,
    )
    return rows.map(({ body }) => gapOf(body))
  }

  forgetGaps(closedBefore: number): void {
    this.#write('volatile', () => void this.#db.run('DELETE FROM gaps WHERE closed_at < ?', closedBefore))
  }
}

/** JSON has no undefined; what is absent is undefined. */
function gapOf(body: string): Gap {
  const { receiver, destination, to, acknowledged, opening, closed, ...gap } = JSON.parse(body) as Gap
  return { ...gap, receiver, destination, to, acknowledged, opening, closed }
}

/** Called for every object that a receiver sees for the first time. */
export function noteArrival(db: Connection, receiver: string, time: number): void {
  const { hour, first, second } = minuteOf(time)
  db.run(
    `INSERT INTO arrivals (receiver, hour, first, second) VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET first = first | excluded.first, second = second | excluded.second`,
    receiver,
    hour,
    first,
    second,
  )
}
