// Whether this process could keep a ledger here, told without leaving a trace: nothing is created, since a file that
// another user creates first is one the forwarder cannot open. A ledger without a log is opened as immutable, because
// SQLite would leave a `-wal` and a `-shm` behind even for a reader. A running forwarder is no fault.
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { resultCode, resultCodes } from './connection.ts'
import { localDisk, mountinfoHere, networkFileSystem } from './file-system.ts'
import { tooNew } from './older.ts'
import { applicationId, schemaVersion } from './schema.ts'

const MiB = 1024 * 1024
/** Below the first a warning, below the second an error: the ledger and its quarantine grow. */
const LITTLE_SPACE = 512 * MiB
const NO_SPACE = 32 * MiB

/** File systems whose life ends before a ledger's, by statfs(2)'s type. */
const shortLived = new Map<number, string>([
  [0x01021994, 'tmpfs: it is gone after a restart of the machine or the pod'],
  [0x794c7630, 'overlay: it is gone when the container is removed'],
])

/** Where the file system cannot be asked: what to say of it. For tests. */
export interface Disk {
  readonly freeBytes: number
  readonly type: number
}

/** What can be said about the ledger at this path, and whether a running forwarder holds it. */
export interface LedgerCheck {
  readonly findings: readonly Finding[]
  readonly held: boolean
}

/** Looks at the path, the lock, the version and the disk. Never throws. */
export function checkLedger(path: string, disk: (folder: string) => Disk = diskOf): LedgerCheck {
  const folder = dirname(path)
  const place = placeFinding(path, folder)
  if (place.level === 'error') return { findings: [place], held: false }
  const { finding, held } = lockFinding(path)
  const space = spaceFindings(folder, disk)
  return { findings: [place, finding, versionFinding(path), ...space], held }
}

function placeFinding(path: string, folder: string): Finding {
  const what = `the ledger can be kept at ${path}`
  const error = (detail: string, next: string): Finding => ({ level: 'error', what, detail, next })
  if (!existsSync(folder)) return error(`${folder} does not exist`, 'create it for the user the forwarder runs as')
  if (!may(folder, constants.W_OK | constants.X_OK)) {
    return error(`${folder} is not writable for this user`, 'let the user the forwarder runs as write there')
  }
  if (existsSync(path) && !statSync(path).isFile()) return error('it is no file', 'correct service.ledger.sqlite.path')
  const files = [path, `${path}-wal`, `${path}-shm`, `${path}.lock`]
  const closed = files.find((file) => existsSync(file) && !may(file, constants.R_OK | constants.W_OK))
  if (closed === undefined) return { level: 'ok', what }
  return error(`${closed} is not readable and writable for this user`, 'give it to the user the forwarder runs as')
}

function may(path: string, mode: number): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

/** A read is refused as busy exactly while a forwarder holds its exclusive transaction. It holds a lock itself, for microseconds. */
function lockFinding(path: string): { readonly finding: Finding; readonly held: boolean } {
  const free: Finding = { level: 'ok', what: 'no forwarder is running on it' }
  const lock = `${path}.lock`
  if (!existsSync(lock)) return { finding: free, held: false }
  try {
    read(lock, 'PRAGMA user_version')
    return { finding: free, held: false }
  } catch (error) {
    if (resultCode(error) === resultCodes.busy) {
      return { finding: { level: 'ok', what: 'a running forwarder holds it' }, held: true }
    }
    const next = 'the lock file must be the forwarder’s own; it may be removed while no forwarder runs'
    return { finding: { ...failedFinding(`${lock} can be locked`, error), next }, held: false }
  }
}

function versionFinding(path: string): Finding {
  const what = 'its version is known'
  if (!existsSync(path)) return { level: 'ok', what, detail: 'it will be created at the first start' }
  try {
    const application = read(path, 'PRAGMA application_id')
    const version = read(path, 'PRAGMA user_version')
    const tables = read(path, 'SELECT count(*) FROM sqlite_schema')
    const says = read(path, "SELECT count(*) FROM sqlite_schema WHERE name = 'compatible'") > 0
    const oldest = says ? read(path, 'SELECT oldest FROM compatible') : version
    return judged(what, path, { application, version, tables, oldest })
  } catch (error) {
    const next = 'keep the file for evidence and restore the ledger from a backup'
    return { ...failedFinding('the ledger can be read', error), next }
  }
}

interface Seen {
  readonly application: number
  readonly version: number
  readonly tables: number
  /** The oldest schema whose program can work on it. */
  readonly oldest: number
}

function judged(what: string, path: string, seen: Seen): Finding {
  const { application, version, tables, oldest } = seen
  if (application !== applicationId && (application !== 0 || tables > 0)) {
    const next = 'correct service.ledger.sqlite.path'
    return { level: 'error', what, detail: "it is another program's database", next }
  }
  if (version > schemaVersion && oldest > schemaVersion) {
    const detail = `it has schema ${version}, this version knows schemas up to ${schemaVersion}`
    return { level: 'error', what, detail, next: tooNew(path, version, schemaVersion).hint ?? '' }
  }
  if (version === schemaVersion) return { level: 'ok', what, detail: `schema ${version}` }
  if (version > schemaVersion) return { level: 'ok', what, detail: `schema ${version}, which this version can work on` }
  return { level: 'ok', what, detail: `schema ${version}; the next start migrates it to ${schemaVersion}` }
}

/** The one number that a statement gives. */
function read(path: string, sql: string): number {
  const url = pathToFileURL(path)
  if (!existsSync(`${path}-wal`) && !path.endsWith('.lock')) url.search = 'immutable=1'
  const database = new DatabaseSync(url, { readOnly: true, timeout: 0 })
  try {
    return Number(Object.values(database.prepare(sql).get() ?? {})[0])
  } finally {
    database.close()
  }
}

function spaceFindings(folder: string, disk: (folder: string) => Disk): readonly Finding[] {
  const what = 'the disk has room'
  try {
    const { freeBytes, type } = disk(folder)
    const detail = `${Math.floor(freeBytes / MiB).toLocaleString('en-US')} MiB free`
    const level = freeBytes < NO_SPACE ? 'error' : freeBytes < LITTLE_SPACE ? 'warning' : 'ok'
    const room: Finding =
      level === 'ok' ? { level, what, detail } : { level, what, detail, next: 'free space: a full disk stops progress' }
    return [room, ...kindFindings(folder, type)]
  } catch (error) {
    return [failedFinding(what, error, 'unknown')]
  }
}

function kindFindings(folder: string, type: number): readonly Finding[] {
  const what = 'the file system suits'
  const network = networkFileSystem(`${folder}/ledger.db`, { type: () => type, mountinfo: mountinfoHere })
  if (network !== undefined) return [{ level: 'error', what, detail: network, next: localDisk }]
  const kind = shortLived.get(type >>> 0)
  const next = 'put service.ledger.sqlite.path on a local disk or a volume that survives restarts'
  return kind === undefined ? [] : [{ level: 'warning', what, detail: kind, next }]
}

function diskOf(folder: string): Disk {
  const { bavail, bsize, type } = statfsSync(folder)
  return { freeBytes: bavail * bsize, type }
}
