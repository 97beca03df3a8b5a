import type { AlterationKind } from '../../domain/objects.ts'
import type { Alteration } from '../alterations.ts'
import type { Connection } from './connection.ts'
import type { Seals } from './seals.ts'

/** True if it was not known. */
export function note(
  db: Connection,
  { ref, store, key }: Alteration['object'],
  kind: AlterationKind,
  evidence: string,
  now: number,
): boolean {
  const sql = 'INSERT OR IGNORE INTO alterations (object, kind, evidence, at, store, key) VALUES (?, ?, ?, ?, ?, ?)'
  const fresh = db.run(sql, ref, kind, evidence, now, store, key) > 0
  if (fresh) db.run('UPDATE totals SET altered = altered + 1')
  return fresh
}

/** If the new object's key was known under another version, that is noted. */
export function noteVersion(
  db: Connection,
  seals: Seals,
  object: Alteration['object'],
  now: number,
): Alteration | undefined {
  const before = versionBefore(db, seals, object)
  if (before === undefined) return undefined
  note(db, object, 'version', before, now)
  return { object, kind: 'version', evidence: before, at: now }
}

function versionBefore(db: Connection, seals: Seals, { ref, store, key }: Alteration['object']): string | undefined {
  const sql = 'SELECT ref, version FROM objects WHERE store = ? AND key = ? AND ref < ? ORDER BY ref DESC LIMIT 1'
  const known = db.get<{ ref: number; version: string }>(sql, store, key, ref)
  const sealed = seals.before(key, ref)
  return sealed !== undefined && sealed.ref > (known?.ref ?? 0) ? sealed.version : known?.version
}

type Stored = Omit<Alteration, 'object'> & Alteration['object']

export function alterations(db: Connection, limit: number): Alteration[] {
  const rows = db.all<Stored>(
    'SELECT object AS ref, store, key, kind, evidence, at FROM alterations ORDER BY object, kind LIMIT ?',
    limit,
  )
  return rows.map(({ ref, store, key, ...alteration }) => ({ object: { ref, store, key }, ...alteration }))
}
