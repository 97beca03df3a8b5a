// The newest object, found as the sweep would find it: by listing CircleCI's partitions, today first. Only where two weeks
// hold nothing is the prefix listed as it is, to say what lies there instead.
import { isAuditKey, isProbe, objectTime, type Sighting } from '../../domain/objects.ts'
import type { Store } from '../store.ts'
import { AHEAD_MS, partitions } from '../sweep.ts'

const DAY = 86_400_000
export const DAYS = 14
/** Pages of one listing that are looked at: a day of CircleCI's has less than one. */
const PAGES = 5

/** What a look into a store found. */
export interface Found {
  /** The newest audit object where the sweep looks for one. */
  newest: Sighting | undefined
  /** Audit objects listed on the way. */
  objects: number
  /** The store's clock minus ours, in milliseconds. */
  skewMs: number | undefined
  /** CircleCI's connectivity probe was there. */
  probe: boolean
  /** Objects that are no audit objects, and one of their keys. */
  foreign: number
  example: string
  /** The folder in which audit objects lie that the sweep would not find under this prefix. */
  misplaced: string | undefined
}

/** Looks for the newest object. Throws SourceFailure when the store cannot be listed. */
export async function findNewest(store: Store, now: () => number, signal: AbortSignal): Promise<Found> {
  const found: Found = {
    newest: undefined,
    objects: 0,
    skewMs: undefined,
    probe: false,
    foreign: 0,
    example: '',
    misplaced: undefined,
  }
  const from = now() - DAYS * DAY
  for (const under of [...partitions(from, now() + AHEAD_MS, 'day'), '']) {
    let pages = 0
    for await (const page of store.list(under, signal)) {
      if (page.date !== undefined) found.skewMs ??= page.date - now()
      for (const object of page.objects) take(found, object, store.prefix)
      pages += 1
      if (pages === PAGES) break
    }
    if (found.newest !== undefined) return found
  }
  return found
}

function take(found: Found, object: Sighting, prefix: string): void {
  if (isProbe(object)) {
    found.probe = true
  } else if (!isAuditKey(object.key)) {
    found.foreign += 1
    found.example ||= object.key
  } else if (folderOf(object.key) !== prefix) {
    found.misplaced ??= folderOf(object.key)
  } else {
    found.objects += 1
    if (found.newest === undefined || objectTime(object) > objectTime(found.newest)) found.newest = object
  }
}

/** What stands before the partitions in an audit object's key: the prefix it was written under. */
function folderOf(key: string): string {
  return key.replace(/(?:^|\/)year=\d{4}\/month=\d{1,2}\/day=\d{1,2}\/hour=\d{1,2}\/[^/]+$/, '')
}
