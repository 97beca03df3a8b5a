// A prefix under which nothing lies is mostly one that is spelled a little differently. So the folders around it are looked
// at, one level up, beside and below, for CircleCI's `year=` partitions.
import type { Inspection } from '../inspection.ts'

/** Folders looked into, above all because each is a request. */
const MOST = 10

/** A prefix that audit objects do lie under; undefined if none was found near. Throws SourceFailure. */
export async function betterPrefix(
  inspection: Inspection,
  prefix: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const hasYears = async (path: string): Promise<boolean> => years(await inspection.folders(path, signal))
  const below = await inspection.folders(prefix, signal)
  for (const name of below.slice(0, MOST)) if (await hasYears(joined(prefix, name))) return joined(prefix, name)
  if (prefix === '') return undefined
  const above = prefix.slice(0, Math.max(0, prefix.lastIndexOf('/')))
  const beside = await inspection.folders(above, signal)
  if (years(beside)) return above
  const others = beside.filter((name) => joined(above, name) !== prefix).slice(0, MOST)
  for (const name of others) if (await hasYears(joined(above, name))) return joined(above, name)
  return undefined
}

function years(names: readonly string[]): boolean {
  return names.some((name) => /^year=\d{4}$/.test(name))
}

function joined(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`
}
