// Rotation: `audit.jsonl` becomes `audit.2026-03-04T14-02-11.123Z.jsonl`. POSIX rename replaces its target silently, so
// the target's name is first taken by creating it exclusively; what rename then replaces is our own empty file. A crash
// between the two leaves an empty file. Rejected: link and unlink, since not every file system has hard links.
import { basename, dirname, extname, join } from 'node:path'
import type { Disk } from './disk.ts'

/** Files of one millisecond; beyond it something else is wrong. */
const SAME_NAME_MAX = 1000

/** Moves the file aside, never over another one. The directory still has to be synced. Resolves to the new path. */
export async function moveAside(disk: Disk, path: string, now: number, mode: number): Promise<string> {
  for (let attempt = 0; attempt < SAME_NAME_MAX; attempt++) {
    const target = rotatedPath(path, now, attempt)
    if (!(await reserved(disk, target, mode))) continue
    await renameOver(disk, path, target)
    return target
  }
  throw Object.assign(new Error(`no free name for a rotated ${basename(path)}`), { code: 'EEXIST' })
}

async function renameOver(disk: Disk, path: string, reservedPath: string): Promise<void> {
  try {
    await disk.rename(path, reservedPath)
  } catch (error) {
    await disk.remove(reservedPath).catch(() => {})
    throw error
  }
}

/** Deletes the oldest rotated files beyond `keep`. */
export async function removeOldest(disk: Disk, path: string, keep: number): Promise<void> {
  const directory = dirname(path)
  const rotated = (await disk.list(directory)).filter((name) => isRotated(path, name)).sort()
  for (const name of rotated.slice(0, Math.max(0, rotated.length - keep))) await disk.remove(join(directory, name))
}

function rotatedPath(path: string, now: number, attempt: number): string {
  const { stem, extension } = parts(path)
  const stamp = new Date(now).toISOString().replaceAll(':', '-')
  const suffix = attempt === 0 ? '' : `_${String(attempt).padStart(3, '0')}`
  return join(dirname(path), `${stem}.${stamp}${suffix}${extension}`)
}

const STAMP = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z(_\d{3})?$/

/** Whether a name in the file's directory is one that `moveAside` gives. */
export function isRotated(path: string, name: string): boolean {
  const { stem, extension } = parts(path)
  if (!name.startsWith(`${stem}.`) || !name.endsWith(extension)) return false
  return STAMP.test(name.slice(stem.length + 1, name.length - extension.length))
}

function parts(path: string): { stem: string; extension: string } {
  const extension = extname(path)
  return { stem: basename(path, extension), extension }
}

async function reserved(disk: Disk, path: string, mode: number): Promise<boolean> {
  try {
    await disk.reserve(path, mode)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
