// The databases that processors look things up in: opened before the first event, looked at again every half minute, and
// replaced while events pass when their file is. A file counts as new once it looks the same at two looks in a row, so
// that one still being copied is left alone. What cannot be read replaces nothing: the database opened before stays, and
// the log says so once per file. Rejected: waiting for notifications of the file system (mounted volumes and symbolic
// links, the usual way into a container, send none for the file itself).
import { stat } from 'node:fs/promises'
import type { Clock } from '../domain/clock.ts'
import { SetupError } from '../domain/failures.ts'
import type { Tell } from '../telemetry/events.ts'
import { type Mmdb, openMmdb } from './mmdb.ts'

/** How long between two looks at the files, in milliseconds. */
const LOOK_MS = 30_000

interface OpenFile {
  readonly path: string
  database: Mmdb
  /** How the file looked when it was opened, at the last look, and when it was last refused. */
  opened: string
  seen: string
  refused: string | undefined
  /** An entry of this database could not be decoded: told once. */
  damaged: boolean
}

export class DatabaseFiles {
  readonly #files: ReadonlyMap<string, OpenFile>
  readonly #tell: Tell

  private constructor(files: readonly OpenFile[], tell: Tell) {
    this.#files = new Map(files.map((file) => [file.path, file]))
    this.#tell = tell
  }

  /** Opens the files, each once. Throws SetupError for one that cannot be read. */
  static async open(paths: readonly string[], tell: Tell): Promise<DatabaseFiles> {
    const files = await Promise.all([...new Set(paths)].map(openFirst))
    for (const { path, database } of files) tellOpened(tell, path, database)
    return new DatabaseFiles(files, tell)
  }

  /** Looks addresses up in the file as it is opened at that moment. The lookup never throws. */
  lookup(path: string): (address: string) => unknown {
    const file = this.#files.get(path)
    if (file === undefined) throw new Error(`${path} has not been opened`)
    return (address) => this.#find(file, address)
  }

  /** Looks at the files until told to stop. Without files it returns at once. */
  async watch(clock: Clock, signal: AbortSignal): Promise<void> {
    while (this.#files.size > 0 && !signal.aborted) {
      await clock.sleep(LOOK_MS, signal)
      if (!signal.aborted) await this.refresh()
    }
  }

  /** One look at every file. Never fails. */
  async refresh(): Promise<void> {
    for (const file of this.#files.values()) await this.#look(file)
  }

  #find(file: OpenFile, address: string): unknown {
    try {
      return file.database.find(address)
    } catch (error) {
      if (!file.damaged) this.#refuse(file, `an entry in it cannot be decoded: ${reasonOf(error)}`)
      file.damaged = true
      return undefined
    }
  }

  async #look(file: OpenFile): Promise<void> {
    const look = await lookOf(file.path)
    const settled = look === file.seen
    file.seen = look
    if (look === file.opened) file.refused = undefined
    else if (settled && look !== file.refused) await this.#reopen(file, look)
  }

  async #reopen(file: OpenFile, look: string): Promise<void> {
    try {
      const database = await openMmdb(file.path)
      if ((await lookOf(file.path)) !== look) return // written to meanwhile: the next look will tell
      Object.assign(file, { database, opened: look, refused: undefined, damaged: false })
      tellOpened(this.#tell, file.path, database)
    } catch (error) {
      file.refused = look
      this.#refuse(file, reasonOf(error))
    }
  }

  #refuse({ path, database }: OpenFile, reason: string): void {
    this.#tell({ type: 'database_unreadable', path, reason, builtAt: database.builtAt })
  }
}

async function openFirst(path: string): Promise<OpenFile> {
  try {
    const look = await lookOf(path)
    const database = await openMmdb(path)
    return { path, database, opened: look, seen: look, refused: undefined, damaged: false }
  } catch (error) {
    const hint = 'give the path of an .mmdb file that the forwarder may read, e.g. one that geoipupdate keeps'
    throw new SetupError(`cannot open the database ${path}: ${reasonOf(error)}`, { hint, cause: error })
  }
}

function tellOpened(tell: Tell, path: string, { kind, builtAt }: Mmdb): void {
  tell({ type: 'database_opened', path, kind, builtAt })
}

/** What tells one state of a file from another; the error's code where it cannot be looked at. */
async function lookOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true })
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`
  } catch (error) {
    return codeOf(error) ?? 'cannot be looked at'
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
}

function reasonOf(error: unknown): string {
  return reasons[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error))
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
