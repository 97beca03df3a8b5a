import { createHash } from 'node:crypto'
import { type QuarantineEntry, QuarantineFull, type QuarantineQuery } from '../quarantine.ts'
import { entryCharge, keptBytes } from '../rules.ts'
import type { Connection } from './connection.ts'

export interface Kept {
  readonly destination: string | undefined
  readonly receiver: string | undefined
  readonly object: number | undefined
  readonly from: number
  readonly to: number
  readonly offset: number
  readonly line: number
  readonly reason: string
  readonly sha256: string
  readonly bytes: Uint8Array
  readonly length: number
  readonly provisional: boolean
  readonly at: number
}

/** Keeps a record, if the quarantine has room for it. */
export function keep(db: Connection, record: Kept, cap: number): void {
  const bytes = keptBytes(record)
  const used = db.get<{ used: number }>('SELECT quarantine_bytes AS used FROM totals')?.used ?? 0
  if (used + entryCharge(bytes) > cap) throw new QuarantineFull(cap)
  db.run('UPDATE totals SET quarantine_bytes = quarantine_bytes + ?', entryCharge(bytes))
  db.run(
    `INSERT INTO quarantine
       (destination, receiver, object, start, stop, "offset", line, reason, sha256, bytes, length, provisional, at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    record.destination ?? null,
    record.receiver ?? null,
    record.object ?? null,
    record.from,
    record.to,
    record.offset,
    record.line,
    record.reason,
    record.sha256,
    bytes ?? null,
    record.length,
    record.provisional ? 1 : 0,
    record.at,
  )
}

/** Takes a verdict that was none out again. */
export function discard(db: Connection, id: number): void {
  const entry = db.get<{ length: number | null }>('SELECT length(bytes) AS length FROM quarantine WHERE id = ?', id)
  if (entry === undefined) return
  const charge = entryCharge(undefined) + (entry.length ?? 0)
  db.run('UPDATE totals SET quarantine_bytes = quarantine_bytes - ?', charge)
  db.run('DELETE FROM quarantine WHERE id = ?', id)
}

export function quarantineMessage(
  db: Connection,
  message: { readonly receiver: string; readonly body: string; readonly reason: string },
  now: number,
  cap: number,
): void {
  const { receiver, reason } = message
  const bytes = new TextEncoder().encode(message.body)
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const nowhere = { destination: undefined, object: undefined, from: 0, to: 0, offset: 0, line: 1 }
  const record = { receiver, reason, sha256, bytes, length: bytes.length, provisional: false, at: now }
  keep(db, { ...nowhere, ...record }, cap)
}

interface Stored extends Omit<QuarantineEntry, 'destination' | 'object' | 'bytes' | 'provisional' | 'replay'> {
  readonly destination: string | null
  readonly bytes: Uint8Array | null
  readonly provisional: number
  readonly replay: number | null
  readonly ref: number | null
  readonly store: string
  readonly key: string
}

const select = (
  bytes: string,
) => `SELECT q.id, q.destination, coalesce(q.receiver, o.receiver) AS receiver, q.start AS "from", q.stop AS "to",
    q."offset", q.line, q.reason, q.sha256, ${bytes} AS bytes, q.length, q.provisional, q.replay, q.at, o.ref, o.store, o.key
  FROM quarantine q LEFT JOIN objects o ON o.ref = q.object`

export function quarantine(db: Connection, query: QuarantineQuery): QuarantineEntry[] {
  const { destination, receiver, reason, since, until, replay, after = 0, limit, bare = false } = query
  const rows = db.all<Stored>(
    `${select(bare ? 'NULL' : 'q.bytes')} WHERE q.id > ?1 AND (?2 IS NULL OR q.destination IS NULL OR q.destination = ?2)
       AND (?3 IS NULL OR coalesce(q.receiver, o.receiver) = ?3) AND (?4 IS NULL OR instr(lower(q.reason), lower(?4)) > 0)
       AND (?5 IS NULL OR q.at >= ?5) AND (?6 IS NULL OR q.at < ?6)
       AND (?7 IS NULL OR q.replay = ?7) ORDER BY q.id LIMIT ?8`,
    after,
    destination ?? null,
    receiver ?? null,
    reason ?? null,
    since ?? null,
    until ?? null,
    replay ?? null,
    limit,
  )
  return rows.map(present)
}

export function entry(db: Connection, id: number): QuarantineEntry | undefined {
  const found = db.get<Stored>(`${select('q.bytes')} WHERE q.id = ?`, id)
  return found && present(found)
}

function present({ ref, store, key, destination, bytes, provisional, replay, ...entry }: Stored): QuarantineEntry {
  return {
    ...entry,
    destination: destination ?? undefined,
    object: ref === null ? undefined : { ref, store, key },
    bytes: bytes ?? undefined,
    provisional: provisional === 1,
    replay: replay ?? undefined,
  }
}
