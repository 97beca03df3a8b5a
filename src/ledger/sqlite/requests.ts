import assert from 'node:assert/strict'
import type { Request } from '../requests.ts'
import type { Connection } from './connection.ts'

type Stored = Omit<Request, 'answer'> & { readonly answer: string | null }

export function ask(db: Connection, { kind, body, by, at }: Omit<Request, 'id' | 'answer'>): number {
  return db.insert('INSERT INTO requests (kind, body, "by", at) VALUES (?, ?, ?, ?)', kind, body, by, at)
}

export function asked(db: Connection): Request[] {
  return db.all<Stored>('SELECT * FROM requests WHERE answer IS NULL ORDER BY id').map(present)
}

export function answer(db: Connection, id: number, text: string): void {
  const request = db.get<Stored>('SELECT * FROM requests WHERE id = ?', id)
  assert(request !== undefined, `no request ${id}`)
  assert(request.answer === null, `request ${id} is answered already`)
  db.run('UPDATE requests SET answer = ? WHERE id = ?', text, id)
}

export function request(db: Connection, id: number): Request | undefined {
  const found = db.get<Stored>('SELECT * FROM requests WHERE id = ?', id)
  return found && present(found)
}

function present(stored: Stored): Request {
  return { ...stored, answer: stored.answer ?? undefined }
}
