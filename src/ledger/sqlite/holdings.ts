import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { LedgerFailure } from '../failure.ts'
import type { Holdings } from '../holdings.ts'
import type { Connection } from './connection.ts'

/** The database, and what SQLite keeps beside it. */
const files = ['', '-wal', '-shm']

export function holdings(db: Connection, capacity: number): Holdings {
  const bytes = db.get<{ used: number }>('SELECT quarantine_bytes AS used FROM totals')?.used ?? 0
  return { quarantine: { bytes, capacity }, disk: diskOf(db.path) }
}

function diskOf(path: string): NonNullable<Holdings['disk']> {
  try {
    const { bsize, bavail, blocks } = statfsSync(dirname(path))
    const sizes = files.map((suffix) => statSync(`${path}${suffix}`, { throwIfNoEntry: false })?.size ?? 0)
    // What is free for root alone is not free for the forwarder, and belongs to nobody else's share either.
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), free: bavail * bsize, size: blocks * bsize }
  } catch (error) {
    throw new LedgerFailure(`cannot ask how full the disk of ${path} is`, {
      hint: 'check the disk',
      full: false,
      cause: error,
    })
  }
}
