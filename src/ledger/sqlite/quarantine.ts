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

/** Keeps a record, if the quarantine has room for it. Returns the entry's number. */
export function keep(db: Connection, record: Kept, cap: number): number {
  const bytes = keptBytes(record)
  const used = db.get<{ used: number }>('SELECT quarantine_bytes AS used FROM totals')?.used ?? 0
  if (used + entryCharge(bytes) > cap) throw new QuarantineFull(cap)
  db.run('UPDATE totals SET quarantine_bytes = quarantine_bytes + ?', entryCharge(bytes))
  return db.insert(
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
  db.run('DELETE FROM dealt WHERE entry = ?', id)
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

/** `bytes`, and by what the entries are found. */
function select(bytes: string, index: string): string {
  return `SELECT q.id, q.destination, coalesce(q.receiver, o.receiver) AS receiver, q.start AS "from", q.stop AS "to",
      q."offset", q.line, q.reason, q.sha256, ${bytes} AS bytes, q.length, q.provisional, q.replay, q.at,
      o.ref, o.store, o.key
    FROM quarantine q ${index} LEFT JOIN objects o ON o.ref = q.object`
}

const whole = select('q.bytes', '')
const bareOnes = select('NULL', 'INDEXED BY entries')

export function quarantine(db: Connection, query: QuarantineQuery): QuarantineEntry[] {
  const { destination, receiver, reason, since, until, after = 0, limit, bare = false } = query
  const rows = db.all<Stored>(
    `${bare ? bareOnes : whole}
     WHERE q.id > ?1 AND (?2 IS NULL OR q.destination IS NULL OR q.destination = ?2)
       AND (?3 IS NULL OR coalesce(q.receiver, o.receiver) = ?3) AND (?4 IS NULL OR instr(lower(q.reason), lower(?4)) > 0)
       AND (?5 IS NULL OR q.at >= ?5) AND (?6 IS NULL OR q.at < ?6) ORDER BY q.id LIMIT ?7`,
    after,
    destination ?? null,
    receiver ?? null,
    reason ?? null,
    since ?? null,
    until ?? null,
    limit,
  )
  return rows.map(present)
}

export function entry(db: Connection, id: number): QuarantineEntry | undefined {
  const found = db.get<Stored>(`${whole} WHERE q.id = ?`, id)
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
