// Going back one release. An additive step leaves a ledger that the release before it works on as if the step were not
// there; the ledger says from which schema on (`compatible.oldest`). Before any other step a copy is written beside the
// ledger, and it is written anew, with the steps taken back, whenever the newer release stops: whoever goes back after a
// stop loses and doubles nothing. What the newer release delivered after its last stop (it was killed) goes again. A copy
// that is removed is not written again. Rejected: taking the ledger itself back, which the release that knows how to is
// no longer there to do; forbidding such steps, which leaves the tables of the first release for ever.
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { SetupError } from '../../domain/failures.ts'
import { Connection } from './connection.ts'
import { createPrivate } from './lock.ts'
import type { Migration } from './schema.ts'

/** Where the copy of this schema lies. */
export function copyOf(path: string, version: number): string {
  return `${path}.schema-${version}`
}

/** The oldest schema whose program can work on a ledger. Before the ledger says so it is its own. */
export function oldestFor(connection: Connection, version: number): number {
  if (!saysOldest(connection)) return version
  return connection.get<{ oldest: number }>('SELECT oldest FROM compatible')?.oldest ?? version
}

function saysOldest(connection: Connection): boolean {
  return connection.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'compatible'") !== undefined
}

/** Before the first step that the program before cannot live with: the ledger as that program left it. */
export function keepCopy(connection: Connection, version: number, steps: readonly Migration[]): void {
  if (version === 0 || steps.every(isHarmless)) return
  leaveCopy(connection, { from: version, to: version }, [])
}

function isHarmless({ additive, back }: Migration): boolean {
  return additive === true || back === undefined
}

/** When the newer program stops: the copies that are there, as the ledger is now. Never throws: a copy says of when it is. */
export function renewCopies(connection: Connection, version: number, steps: readonly Migration[]): void {
  for (let to = 1; to < version; to += 1) {
    const copy = copyOf(connection.path, to)
    // One that was locked is the older program's ledger by now, and knows more than this one.
    if (!existsSync(copy) || existsSync(`${copy}.lock`)) continue
    try {
      leaveCopy(connection, { from: version, to }, steps)
    } catch {
      // The disk is full, or fails: the older copy stays.
    }
  }
}

function leaveCopy(
  connection: Connection,
  { from, to }: { readonly from: number; readonly to: number },
  steps: readonly Migration[],
): void {
  const place = copyOf(connection.path, to)
  const making = `${place}.making`
  rmSync(making, { force: true })
  createPrivate(making)
  connection.run('VACUUM INTO ?', making)
  takeBack(
    making,
    steps.filter(({ version }) => version > to && version <= from),
    to,
  )
  sync(making)
  // What SQLite left beside a copy that was opened belongs to that one.
  for (const file of [`${place}-wal`, `${place}-shm`]) rmSync(file, { force: true })
  renameSync(making, place)
  sync(dirname(place))
}

function takeBack(path: string, steps: readonly Migration[], to: number): void {
  const copy = new Connection(path, { readOnly: false })
  try {
    copy.transaction('durable', () => {
      for (const { back = '' } of steps.toReversed()) copy.exec(back)
      if (saysOldest(copy)) copy.run('UPDATE compatible SET oldest = min(oldest, ?)', to)
      copy.exec(`PRAGMA user_version=${to}`)
    })
  } finally {
    copy.close()
  }
}

/** What an older program says of a newer one's ledger that it cannot work on. */
export function tooNew(path: string, version: number, known: number): SetupError {
  const message = `cannot open ledger ${path}: it has schema ${version}, this version knows schemas up to ${known}`
  const copy = Array.from({ length: known }, (_, index) => copyOf(path, known - index)).find((file) => existsSync(file))
  if (copy === undefined)
    return new SetupError(message, { hint: 'run the newer version of the forwarder that wrote it' })
  const of = statSync(copy).mtime.toISOString()
  return new SetupError(message, {
    hint: `run the newer version that wrote it, or set service.ledger.sqlite.path to ${copy}, which it left for this one when it last stopped (${of}); what it delivered after that goes again`,
  })
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
