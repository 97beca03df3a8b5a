// One writer. The lock is an exclusive SQLite transaction on a file of its own, held for life: the kernel frees it when
// the process ends, however it ends, so there is no heartbeat to miss and nothing stale to clean up. The file is never
// removed (two processes could then hold two files of one name) and never opened by other means than SQLite (closing
// such a descriptor would drop the process's POSIX locks). Rejected: a pid file; flock, which Node does not have.
import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { SetupError } from '../../domain/failures.ts'
import { resultCode, resultCodes } from './connection.ts'

/** Another process holds the lock: a forwarder, or a command that works on the ledger. */
export class LedgerHeld extends SetupError {}

export class Lock {
  readonly #database: DatabaseSync

  /** Takes the lock or throws SetupError. */
  constructor(path: string) {
    try {
      createPrivate(path)
      this.#database = new DatabaseSync(path, { timeout: 0 })
    } catch (cause) {
      throw refusal(path, cause)
    }
    try {
      this.#database.exec('BEGIN EXCLUSIVE')
    } catch (cause) {
      this.#database.close()
      throw refusal(path, cause)
    }
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close()
  }
}

function refusal(path: string, cause: unknown): SetupError {
  if (resultCode(cause) === resultCodes.busy) {
    return new LedgerHeld(`another forwarder is running on this ledger: it holds ${path}`, {
      hint: 'stop the other one first (a command at work ends by itself), or give this one a ledger of its own (service.ledger.sqlite.path)',
      cause,
    })
  }
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new SetupError(`cannot lock the ledger with ${path}: ${reason}`, {
    hint: 'the directory must be writable for this user, and the lock file the forwarder’s own',
    cause,
  })
}

/** Creates the file for this user alone, so that what SQLite puts beside it is private too. Leaves an existing one. */
export function createPrivate(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
