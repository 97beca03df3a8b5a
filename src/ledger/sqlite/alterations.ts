import type { AlterationKind } from '../../domain/objects.ts'
import type { Alteration } from '../alterations.ts'
import type { Connection } from './connection.ts'

/** True if it was not known. */
export function note(db: Connection, ref: number, kind: AlterationKind, evidence: string, now: number): boolean {
  const fresh = db.run('INSERT OR IGNORE INTO alterations VALUES (?, ?, ?, ?)', ref, kind, evidence, now) > 0
  if (fresh) db.run('UPDATE totals SET altered = altered + 1')
  return fresh
}

/** If the new object's key was known under another version, that is noted. */
export function noteVersion(
  db: Connection,
  object: { readonly ref: number; readonly store: string; readonly key: string },
  now: number,
): Alteration | undefined {
  const sql = 'SELECT version FROM objects WHERE store = ? AND key = ? AND ref < ? ORDER BY ref DESC LIMIT 1'
  const before = db.get<{ version: string }>(sql, object.store, object.key, object.ref)?.version
  if (before === undefined) return undefined
  note(db, object.ref, 'version', before, now)
  return { object, kind: 'version', evidence: before, at: now }
}

type Stored = Omit<Alteration, 'object'> & Alteration['object']

export function alterations(db: Connection, limit: number): Alteration[] {
  const rows = db.all<Stored>(
    `SELECT o.ref, o.store, o.key, a.kind, a.evidence, a.at FROM alterations a JOIN objects o ON o.ref = a.object
     ORDER BY a.object, a.kind LIMIT ?`,
    limit,
  )
  return rows.map(({ ref, store, key, ...alteration }) => ({ object: { ref, store, key }, ...alteration }))
}
