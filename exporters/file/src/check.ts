// What can be said about the file without touching it: another process may be writing to it at this moment.
import { dirname } from 'node:path'
import type { Finding } from '@circleci-audit-forwarder/contract'
import type { Disk } from './disk.ts'
import { outcomeOf } from './failure.ts'

/** What the exporter itself has seen so far. */
export interface Seen {
  readonly maxBytes: number
  readonly cutBytes: number
  readonly cleaningFailure: string | undefined
}

/** Looks at file, directory and free space; reports what the exporter had to mend. */
export async function checkFile(disk: Disk, path: string, seen: Seen): Promise<readonly Finding[]> {
  try {
    const findings = [await checkTarget(disk, path), await checkSpace(disk, path, seen.maxBytes)]
    return [...findings, ...past(seen)]
  } catch (error) {
    const outcome = outcomeOf(error, path, false)
    const detail = 'reason' in outcome ? outcome.reason : undefined
    return [{ level: 'error', what: `file ${path}`, ...(detail === undefined ? {} : { detail }) }, ...past(seen)]
  }
}

async function checkTarget(disk: Disk, path: string): Promise<Finding> {
  const what = `file ${path}`
  const directory = dirname(path)
  if ((await disk.status(directory))?.kind !== 'directory') {
    return { level: 'error', what, detail: `${directory} is no directory`, next: 'create it' }
  }
  if (!(await disk.writable(directory))) {
    const next = 'let the forwarder create files there, for rotation'
    return { level: 'error', what, detail: `${directory} is not writable`, next }
  }
  const status = await disk.status(path)
  if (status === undefined) return { level: 'ok', what, detail: 'will be created' }
  if (status.kind !== 'file') return { level: 'error', what, detail: 'not a regular file', next: 'choose another path' }
  if (!(await disk.writable(path)))
    return { level: 'error', what, detail: 'not writable', next: 'let the forwarder write' }
  return { level: 'ok', what, detail: `${status.size} bytes` }
}

async function checkSpace(disk: Disk, path: string, maxBytes: number): Promise<Finding> {
  const directory = dirname(path)
  if ((await disk.status(directory)) === undefined) return { level: 'unknown', what: `free space for ${path}` }
  const free = await disk.free(directory)
  const what = `free space for ${path}`
  if (free >= maxBytes) return { level: 'ok', what, detail: `${free} bytes` }
  return { level: 'warning', what, detail: `${free} bytes, less than one file may grow to`, next: 'free space' }
}

function past(seen: Seen): readonly Finding[] {
  const findings: Finding[] = []
  if (seen.cutBytes > 0) {
    const detail = `${seen.cutBytes} bytes of an unfinished last line were cut; its record was not delivered and comes again`
    findings.push({ level: 'warning', what: 'a crash left an unfinished line', detail })
  }
  if (seen.cleaningFailure !== undefined) {
    findings.push({ level: 'warning', what: 'old files cannot be deleted', detail: seen.cleaningFailure })
  }
  return findings
}
