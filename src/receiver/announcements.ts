import { isAuditKey, isProbe, type Sighting } from '../domain/objects.ts'
import type { Announced } from './notification.ts'
import type { Store } from './store.ts'

/** Why an announced object is none of ours. */
export interface Ignored {
  readonly key: string
  readonly reason: string
}

export interface Resolved {
  readonly sightings: readonly Sighting[]
  readonly ignored: readonly Ignored[]
}

/**
 * Turns announcements into sightings, asking the store for what they leave out. Probes and empty objects vanish here
 * without a word: every bucket has them. Throws SourceFailure if the store must be asked and does not answer.
 */
export async function resolve(announced: readonly Announced[], store: Store, signal: AbortSignal): Promise<Resolved> {
  const sightings: Sighting[] = []
  const ignored: Ignored[] = []
  for (const object of announced) {
    const reason = foreign(object, store)
    if (reason !== undefined) {
      ignored.push({ key: object.key, reason })
      continue
    }
    if (isProbe({ key: object.key, size: object.size ?? 1 })) continue
    const sighting = complete(object) ?? (await store.stat(object.key, signal))
    if (sighting === undefined) ignored.push({ key: object.key, reason: 'announced, but not in the store' })
    else if (!isProbe(sighting)) sightings.push(sighting)
  }
  return { sightings, ignored }
}

function foreign({ bucket, key, size = 1 }: Announced, store: Store): string | undefined {
  if (bucket !== store.uri.slice(store.uri.indexOf('://') + 3)) return 'in another bucket'
  if (isProbe({ key, size })) return undefined
  if (store.prefix !== '' && !key.startsWith(`${store.prefix}/`)) return 'outside the prefix'
  return isAuditKey(key) ? undefined : "not in CircleCI's layout"
}

function complete({ key, version, size, modified }: Announced): Sighting | undefined {
  if (version === undefined || size === undefined || modified === undefined) return undefined
  return { key, version, size, modified }
}
