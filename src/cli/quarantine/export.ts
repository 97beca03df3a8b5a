// Writes what is in quarantine as NDJSON, with the bytes as they were read: evidence, or something to repair by other means.
// It leaves the quarantine as it is. That it was done, by whom and why, is on record before the first byte is written.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { SetupError } from '../../domain/failures.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { QuarantineEntry } from '../../ledger/quarantine.ts'
import { answered, noReason, reading } from '../answered.ts'
import { load } from '../load.ts'
import type { QuarantineExportOptions } from '../repair-options.ts'
import { type Selection, selectedEntries, selection } from './selection.ts'
import { original } from './show.ts'

/** Entries read with their bytes at once: 20 MiB at most. */
const PAGE = 20

/** Writes the entries selected into a new file that only this user can read. 0; throws SetupError. */
export async function exportQuarantine(options: QuarantineExportOptions): Promise<number> {
  const loaded = await load(options)
  const selected = selection(options, Date.now())
  const entries = await reading(loaded, (ledger) => [...selectedEntries(ledger, selected)].length)
  const { file } = options
  if (options.dryRun) {
    console.log(options.json ? JSON.stringify({ would_export: entries }) : `would write ${entries} entries to ${file}`)
    return 0
  }
  if (entries === 0) return nothing(file, options.json)
  const descriptor = file === '-' ? 1 : create(file)
  try {
    const body = { file: file === '-' ? 'standard output' : file, entries, ...selected, why: options.why ?? noReason }
    if ((await answered(loaded, { kind: 'quarantine.export', body, progress: () => 'exporting' })) === undefined)
      return 1
    const written = await reading(loaded, (ledger) => write(descriptor, ledger, selected))
    if (file !== '-') fsyncSync(descriptor)
    const said = options.json ? JSON.stringify({ file, entries: written }) : `${written} entries written to ${file}`
    process.stderr.write(`${said}\n`)
    return 0
  } finally {
    if (file !== '-') closeSync(descriptor)
  }
}

/** No file, and nothing on record: nobody took anything out. */
function nothing(file: string, json: boolean): number {
  const where = file === '-' ? 'nothing' : `${file} is not`
  const said = `nothing in quarantine is like that: ${where} written`
  process.stderr.write(`${json ? JSON.stringify({ file, entries: 0 }) : said}\n`)
  return 0
}

/** An existing file is left alone: it may be of other people's, and hold an earlier export. */
function create(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST'
    throw new SetupError(`cannot write ${file}: ${exists ? 'it exists' : (error as Error).message}`, {
      hint: 'name a file that does not exist, in a folder that this user may write to',
      cause: error,
    })
  }
}

function write(descriptor: number, ledger: Pick<Ledger, 'quarantine'>, selected: Selection): number {
  let written = 0
  for (const entry of selectedEntries(ledger, selected, { bare: false, page: PAGE })) {
    const line = Buffer.from(`${JSON.stringify(exported(entry))}\n`)
    for (let at = 0; at < line.length; ) at += writeSync(descriptor, line, at)
    written += 1
  }
  return written
}

/** One entry as a line says it. */
export function exported(entry: QuarantineEntry) {
  const { id, destination, receiver, object, from, to, offset, line, reason, sha256, length, provisional, at } = entry
  const place = object === undefined ? {} : { store: object.store, key: object.key, from, to, offset, line }
  const kept = entry.bytes === undefined ? {} : original(entry)
  const state = { provisional, on_its_way: entry.replay !== undefined }
  return {
    id,
    destination,
    receiver,
    ...place,
    reason,
    at: new Date(at).toISOString(),
    length,
    sha256,
    ...state,
    ...kept,
  }
}
