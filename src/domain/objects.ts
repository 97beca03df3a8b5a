// The nouns of discovery. An object is what a store holds under a key in one version; its time is what the watermark
// is kept on: the stamp CircleCI writes into the key, else the store's last-modified. Event times are reported, never
// compared, because an event may arrive in any later object.

/** An object as a store lists it or a notification announces it. */
export interface Sighting {
  /** The whole key, with the store's prefix. */
  readonly key: string
  /** Normalised version: unquoted ETag, generation, or `size-mtime` on disk. */
  readonly version: string
  /** Bytes as stored (compressed). */
  readonly size: number
  /** Last modified, in milliseconds since 1970. */
  readonly modified: number
}

/** An object the ledger knows. */
export interface AuditObject extends Sighting {
  /** The ledger's own number for it. */
  readonly ref: number
  /** The store's identity, e.g. `s3://acme-circleci-audit`. Store + key + version is the object's identity. */
  readonly store: string
  /** Object time, in milliseconds since 1970. */
  readonly time: number
  /** When this forwarder first saw it: the observed time of its records, kept so that a re-read maps to the same bytes. */
  readonly seenAt: number
  /** Decompressed bytes, once somebody has read to the end. */
  readonly length: number | undefined
}

/** How an object turned out not to be what CircleCI wrote. Audit objects are written once and never change. */
export type AlterationKind =
  /** Its bytes do not have the sha1 in its key. */
  | 'content'
  /** Its key was known with another version. */
  | 'version'

export type Discovery = 'notified' | 'swept'

const partition = /(?:^|\/)year=(\d{4})\/month=(\d{1,2})\/day=(\d{1,2})\/hour=(\d{1,2})\/([^/]+)$/
const stamp = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})/
const digest = /_([0-9a-f]{40})(?:\.[0-9a-z.]+)?$/i
const probe = /circleci_connectivity_test_/

/** Whether the key has CircleCI's layout, in either spelling (`month=7`, `month=07`). */
export function isAuditKey(key: string): boolean {
  return partition.test(key)
}

/** The start of the hour whose partition the key lies in, in milliseconds since 1970; undefined if it lies in none. */
export function partitionTime(key: string): number | undefined {
  const [, year, month, day, hour] = partition.exec(key) ?? []
  return year === undefined ? undefined : Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour))
}

/** The sha1 that CircleCI wrote into the key, in lower-case hex; undefined if there is none. */
export function sha1InKey(key: string): string | undefined {
  return digest.exec(key)?.[1]?.toLowerCase()
}

/** What CircleCI leaves in the bucket that holds no events: its connectivity probe, and empty objects. */
export function isProbe(object: { readonly key: string; readonly size: number }): boolean {
  return object.size === 0 || probe.test(object.key)
}

/** Object time: the stamp in the key's file name (UTC), else last-modified. Milliseconds since 1970. */
export function objectTime(object: { readonly key: string; readonly modified: number }): number {
  return stampOf(object.key) ?? object.modified
}

/**
 * The instant that the key itself tells: its stamp, else its partition's hour. In milliseconds since 1970; undefined if
 * it tells none. Unlike object time it is the same whoever names the object, and whenever.
 */
export function keyTime(key: string): number | undefined {
  return stampOf(key) ?? partitionTime(key)
}

function stampOf(key: string): number | undefined {
  const written = stamp.exec(key.slice(key.lastIndexOf('/') + 1))?.[1]
  const time = written === undefined ? Number.NaN : Date.parse(`${written}Z`)
  return Number.isNaN(time) ? undefined : time
}
