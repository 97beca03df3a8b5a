// The ledger as a file that can be carried elsewhere: copied beside a running forwarder, looked at, put in place. The copy
// is made by VACUUM INTO on a connection of its own, which reads one moment of the log and holds up nobody; what is free
// in the file is left behind, and so are the indexes, which are made again from the rows when the file is put in place.
// Rejected: node:sqlite's backup(), which begins anew whenever another connection writes and copies free pages too;
// copying file and log, which are of one moment only while nobody writes.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { SetupError } from '../../domain/failures.ts'
import { createPrivate, Lock } from './lock.ts'
import { applicationId, schemaVersion } from './schema.ts'

/** Longer than any transaction lasts, in milliseconds. */
const BUSY_MS = 5_000
/** The memory under which the epoch is kept in which a ledger was written last. */
export const EPOCH_MEMORY = 'checkpoint epoch'

/** Copies a ledger as it is at one moment into a file that is not there yet. Blocks: not for the main thread. */
export function copyLedger(path: string, to: string): Schema {
  rmSync(to, { force: true })
  createPrivate(to)
  const database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS })
  try {
    database.prepare('VACUUM INTO ?').run(to)
  } finally {
    database.close()
  }
  return withoutIndexes(to)
}

/** Of a ledger: the version of its tables, and the oldest one whose program can work on them. */
export interface Schema {
  readonly schema: number
  readonly oldest: number
}

interface Index {
  readonly name: string
  readonly sql: string
}

/** Takes the indexes out, notes how they are made, and writes zeros where they were. */
function withoutIndexes(path: string): Schema {
  const database = new DatabaseSync(path)
  try {
    // A copy that is torn is made again: nothing of it needs to be safe.
    database.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA secure_delete=ON')
    const indexes = database
      .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
      .all()
    database.exec('CREATE TABLE left_out (sql TEXT NOT NULL)')
    const note = database.prepare('INSERT INTO left_out (sql) VALUES (?)')
    for (const { name, sql } of indexes as unknown as Index[]) {
      note.run(sql)
      database.exec(`DROP INDEX "${name}"`)
    }
    return schemaOf(database)
  } finally {
    database.close()
  }
}

/** Makes the indexes of a copy again, after which it is a ledger. Throws SetupError where it is none. */
export function completeCopy(path: string, schema: number): void {
  const database = new DatabaseSync(path)
  try {
    const found = numberOf(database, 'PRAGMA user_version')
    if (numberOf(database, 'PRAGMA application_id') !== applicationId || found !== schema) {
      throw new SetupError(`the copy holds no ledger of schema ${schema} (${found})`)
    }
    database.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN')
    const left = database.prepare('SELECT sql FROM left_out').all() as unknown as { readonly sql: string }[]
    for (const { sql } of left) database.exec(sql)
    database.exec('DROP TABLE left_out; COMMIT')
  } finally {
    database.close()
  }
  syncFile(path)
}

/** What is at the ledger's path. */
export interface Standing {
  /** There is no ledger, or one that knows no destination. */
  readonly empty: boolean
  /** In which epoch it was written last; 0 where that was without checkpoints. */
  readonly epoch: number
}

/** Looks at the file only. Throws SetupError where it is none of ours or cannot be read. */
export function standingOf(path: string): Standing {
  const nothing = { empty: true, epoch: 0 }
  if (!existsSync(path)) return nothing
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS })
    if (!hasTable(database, 'routes')) return nothing
    const empty = numberOf(database, 'SELECT count(*) FROM routes') === 0
    return { empty, epoch: hasTable(database, 'memories') ? epochIn(database) : 0 }
  } catch (error) {
    throw new SetupError(
      `cannot look at the ledger ${path}: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'move the file away to have the ledger restored from its checkpoint',
        cause: error,
      },
    )
  } finally {
    database?.close()
  }
}

function hasTable(database: DatabaseSync, name: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
}

function epochIn(database: DatabaseSync): number {
  const found = database.prepare('SELECT body FROM memories WHERE name = ?').get(EPOCH_MEMORY)
  return Number(found?.['body'] ?? 0)
}

function numberOf(database: DatabaseSync, sql: string): number {
  return Number(Object.values(database.prepare(sql).get() ?? {})[0])
}

function schemaOf(database: DatabaseSync): Schema {
  const schema = numberOf(database, 'PRAGMA user_version')
  // Before the ledger says so it is its own.
  const oldest = hasTable(database, 'compatible') ? numberOf(database, 'SELECT oldest FROM compatible') : schema
  return { schema, oldest }
}

/** Whether this version can work on a ledger: its own and older ones, and newer ones that only have more. */
export function canRead({ schema, oldest }: Schema): boolean {
  return Math.min(schema, oldest) <= schemaVersion
}

/**
 * Puts a file in the ledger's place. A ledger that is there is kept beside it as `.superseded`, one of them. Throws
 * SetupError where somebody holds the ledger. A crash on the way leaves the one, the other, or none.
 */
export function placeLedger(path: string, file: string): void {
  const lock = new Lock(`${path}.lock`)
  try {
    const aside = `${path}.superseded`
    for (const old of [aside, `${aside}-wal`, `${aside}-shm`]) rmSync(old, { force: true })
    // The database first: a log that is left alone is no ledger's, and goes below.
    for (const end of ['', '-wal', '-shm']) if (existsSync(path + end)) renameSync(path + end, aside + end)
    renameSync(file, path)
    syncFile(dirname(path))
  } finally {
    lock.release()
  }
}

function syncFile(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
