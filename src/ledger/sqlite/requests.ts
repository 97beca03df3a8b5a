import assert from 'node:assert/strict'
import type { Request } from '../requests.ts'
import type { Connection } from './connection.ts'

type Stored = Omit<Request, 'progress' | 'answer'> & {
  readonly progress: string | null
  readonly answer: string | null
}

export function ask(db: Connection, { kind, body, by, at }: Omit<Request, 'id' | 'progress' | 'answer'>): number {
  return db.insert('INSERT INTO requests (kind, body, "by", at) VALUES (?, ?, ?, ?)', kind, body, by, at)
}

export function asked(db: Connection): Request[] {
  return db.all<Stored>(`${select} WHERE answer IS NULL ORDER BY id`).map(present)
}

export function report(db: Connection, id: number, progress: string): void {
  checkOpen(db, id)
  db.run('UPDATE requests SET progress = ? WHERE id = ?', progress, id)
}

export function answer(db: Connection, id: number, text: string): void {
  checkOpen(db, id)
  db.run('UPDATE requests SET answer = ? WHERE id = ?', text, id)
}

export function request(db: Connection, id: number): Request | undefined {
  const found = db.get<Stored>(`${select} WHERE id = ?`, id)
  return found && present(found)
}

export function forgetAnswered(db: Connection, before: number, limit: number): number {
  return db.run(
    `DELETE FROM requests WHERE id IN (
       SELECT id FROM requests WHERE answer IS NOT NULL AND at < ?
         AND NOT (kind = 'import' AND json_valid(body) AND json_extract(body, '$.source') IS NOT NULL)
       ORDER BY id LIMIT ?)`,
    before,
    limit,
  )
}

const select = 'SELECT id, kind, body, "by", at, progress, answer FROM requests'

function checkOpen(db: Connection, id: number): void {
  const found = request(db, id)
  assert(found !== undefined, `no request ${id}`)
  assert(found.answer === undefined, `request ${id} is answered already`)
}

function present(stored: Stored): Request {
  return { ...stored, progress: stored.progress ?? undefined, answer: stored.answer ?? undefined }
}
