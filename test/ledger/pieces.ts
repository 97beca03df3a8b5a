import type { Sighting } from '../../src/domain/objects.ts'
import type { Account } from '../../src/ledger/accounts.ts'
import type { Undecided } from '../../src/ledger/duplicates.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { hour, start } from './lane.ts'

export const none = { delivered: 0, filtered: 0, duplicates: 0, quarantined: 0 }
export const everything = { now: start, limit: 99, newest: false, except: new Set<number>(), maxDelay: hour }

export function at(n: number, version = 'v'): Sighting {
  return { key: `${new Date(start + n * hour).toISOString().slice(0, 19)}-${n}.gz`, version, size: 50, modified: 1 }
}

/** The object that was seen as `at(n)`, with this number. */
export function altered(ref: number, n = ref) {
  return { ref, store: 's3://b', key: at(n).key }
}

/** One event of ten bytes per id. */
export function whole(object: number, ids: readonly string[], when = start): Undecided {
  const claimants = ids.map((id, index) => ({ from: index * 10, to: index * 10 + 10, id, at: when }))
  return { object, from: 0, to: ids.length * 10, claimants, bad: [], end: true }
}

export function bad(object: number, from: number, length: number): Undecided {
  const stretch = { from, to: from + 10, offset: from, line: 1, reason: 'no event', sha256: 'aa' }
  const bytes = new Uint8Array(Math.min(length, 1 << 20))
  return { object, from, to: from + 10, claimants: [], bad: [{ ...stretch, bytes, length }], end: false }
}

export function route(destination: string, startAt: number = start, receiver = 'bucket') {
  return { destination, receiver, startAt }
}

export function see(ledger: Ledger, ...objects: Sighting[]) {
  return ledger.see('bucket', 's3://b', objects, 'swept', start)
}

export function account(ledger: Ledger, destination: string): Account | undefined {
  return ledger.accounts().find((one) => one.destination === destination)
}
