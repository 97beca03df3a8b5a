// What both implementations agree on about own records.
import { gapReceiver, isOwnReceiver, type OwnRecord } from '../domain/own-records.ts'
import type { OwnEntry } from './own.ts'

/** An own record never changes, so there is one version of it. */
export const ownVersion = '1'

/** The key of the object that an own record is. */
export function ownKey({ kind, id }: OwnRecord): string {
  return `${kind}/${id}`
}

/** Whether the record is for a route. */
export function isFor(
  { record: { kind }, only, except }: OwnEntry,
  { destination, receiver }: { readonly destination: string; readonly receiver: string },
): boolean {
  if (!isOwnReceiver(receiver) || (receiver === gapReceiver && !kind.startsWith('gap.'))) return false
  return (only?.includes(destination) ?? true) && except?.includes(destination) !== true
}
