// Opening: everything that can be wrong with a ledger file is found here and said as a SetupError. Only the holder of
// the lock creates, sets pragmas and migrates; a reading command takes the file as it is.
import { chmodSync, closeSync, existsSync, fsyncSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupError } from '../../domain/failures.ts'
import { LedgerFailure } from '../failure.ts'
import { Connection } from './connection.ts'
import { localDisk, type Mounts, networkFileSystem } from './file-system.ts'
import { recover } from './intents.ts'
import { createPrivate } from './lock.ts'
import { keepCopy, oldestFor, tooNew } from './older.ts'
import { applicationId, type Migration, migrations, schemaVersion } from './schema.ts'

/** Opens for the holder of the lock: creates what is missing, migrates what is old. */
export function openForWriting(path: string, steps: readonly Migration[] = migrations): Connection {
  return opened(path, false, (connection) => {
    // Only before the first table: a ledger that began without it keeps its size, and fills what is free again.
    if (checkVersion(connection, newest(steps)) === 0) connection.exec('PRAGMA auto_vacuum=INCREMENTAL')
    // 8 MiB of pages hold the claims of 200,000 events of one hour; a log of 16 MiB writes a page that changes often back once. Its file
    // is cut again after a long reading has let it grow.
    connection.exec('PRAGMA journal_mode=WAL; PRAGMA journal_size_limit=67108864')
    connection.exec('PRAGMA cache_size=-8192; PRAGMA wal_autocheckpoint=4000')
    migrate(connection, steps)
    connection.transaction('volatile', () => recover(connection))
    makePrivate(path)
    syncDirectory(path)
  })
}

/** Opens beside a running forwarder, or without one. */
export function openForReading(path: string): Connection {
  return opened(path, true, (connection) => {
    const version = checkVersion(connection, schemaVersion)
    if (version >= schemaVersion) return
    throw new SetupError(`ledger ${path} has schema ${version}, this version reads ${schemaVersion}`, {
      hint: 'start the forwarder of this version once: it migrates the ledger',
    })
  })
}

function opened(path: string, readOnly: boolean, prepare: (connection: Connection) => void): Connection {
  let connection: Connection | undefined
  try {
    if (!readOnly) createPrivate(path)
    connection = new Connection(path, { readOnly })
    prepare(connection)
    return connection
  } catch (error) {
    connection?.close()
    throw asSetupError(path, error)
  }
}

/** Says what is wrong with the path itself, before anything is created beside it. */
export function checkPlace(path: string, mustExist: boolean, mounts?: Mounts): void {
  const directory = dirname(path)
  if (!existsSync(directory)) {
    throw new SetupError(`cannot open ledger ${path}: directory ${directory} does not exist`, {
      hint: 'create it for the user the forwarder runs as, or correct service.ledger.sqlite.path',
    })
  }
  if (existsSync(path) && !statSync(path).isFile()) {
    throw new SetupError(`cannot open ledger ${path}: it is not a file`, { hint: 'correct service.ledger.sqlite.path' })
  }
  // Reading one that was copied there does it no harm.
  const network = mustExist ? undefined : networkFileSystem(path, mounts)
  if (network !== undefined) {
    throw new SetupError(`cannot keep ledger ${path}: it lies on a network file system, ${network}`, {
      hint: `${localDisk}; a ledger there is lost sooner or later, because neither locks nor fsync nor shared memory hold`,
    })
  }
  if (mustExist && !existsSync(path)) {
    throw new SetupError(`there is no ledger ${path}`, {
      hint: 'correct service.ledger.sqlite.path, or start the forwarder first',
    })
  }
}

function asSetupError(path: string, error: unknown): SetupError {
  if (error instanceof SetupError) return error
  if (error instanceof LedgerFailure) return new SetupError(error.message, { hint: error.hint, cause: error })
  const reason = error instanceof Error ? error.message : String(error)
  return new SetupError(`cannot open ledger ${path}: ${reason}`, {
    hint: 'the file and its directory must be readable and writable for this user',
    cause: error,
  })
}

/** The schema that these steps lead to. */
export function newest(steps: readonly Migration[]): number {
  return Math.max(...steps.map(({ version }) => version))
}

/**
 * The schema's version, 0 for a new file. Throws for another program's database, and for a newer forwarder's that this
 * one cannot work on.
 */
function checkVersion(connection: Connection, known: number): number {
  const { path } = connection
  const application = connection.get<{ application_id: number }>('PRAGMA application_id')?.application_id ?? 0
  const version = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
  const tables = connection.get<{ n: number }>('SELECT count(*) AS n FROM sqlite_schema')?.n ?? 0
  if (application !== applicationId && (application !== 0 || tables > 0)) {
    throw new SetupError(`cannot open ledger ${path}: it is another program's database`, {
      hint: 'correct service.ledger.sqlite.path',
    })
  }
  if (version > known && oldestFor(connection, version) > known) throw tooNew(path, version, known)
  return version
}

function migrate(connection: Connection, all: readonly Migration[]): void {
  const current = connection.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0
  const steps = all.filter(({ version }) => version > current)
  keepCopy(connection, current, steps)
  for (const { version, sql, back, additive } of steps) {
    connection.transaction('durable', () => {
      connection.exec(sql)
      if (back !== undefined && additive !== true) connection.run('UPDATE compatible SET oldest = ?', version)
      connection.exec(`PRAGMA application_id=${applicationId}; PRAGMA user_version=${version}`)
    })
  }
}

/** For a file that was created by hand or copied; SQLite gives the others the same mode as they are created. */
function makePrivate(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`]) {
    if (existsSync(file) && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  }
}

/** A new file's name must survive a power cut as well as its content. */
function syncDirectory(path: string): void {
  const descriptor = openSync(dirname(path), 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
