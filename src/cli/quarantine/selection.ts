import { SetupError } from '../../domain/failures.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { QuarantineEntry, QuarantineQuery } from '../../ledger/quarantine.ts'
import { instant } from '../instant.ts'
import type { SelectionOptions } from '../repair-options.ts'

export type Selection = Omit<QuarantineQuery, 'limit' | 'after' | 'bare' | 'replay'>

/** What the options name. Throws SetupError for times that are none. */
export function selection(options: SelectionOptions, now: number): Selection {
  const { destination, receiver, reason, since, until } = options
  return {
    destination,
    receiver,
    reason,
    ...(since !== undefined && { since: instant('--since', since, now, 0) }),
    ...(until !== undefined && { until: instant('--until', until, now, now) }),
  }
}

export function isEverything(selected: Selection): boolean {
  return Object.values(selected).every((value) => value === undefined)
}

const PAGE = 500

/** The entries selected, oldest first. */
export function* selectedEntries(
  ledger: Pick<Ledger, 'quarantine'>,
  selected: Selection,
  { bare = true, page = PAGE } = {},
): Generator<QuarantineEntry> {
  for (let after = 0; ; ) {
    const entries = ledger.quarantine({ ...selected, after, limit: page, bare })
    const last = entries[entries.length - 1]
    if (last === undefined) return
    yield* entries
    after = last.id
  }
}

/** Entries' numbers as words. Throws SetupError for what is no number. */
export function entryNumbers(ids: readonly string[]): readonly number[] {
  return ids.map((id) => {
    if (/^[1-9]\d{0,14}$/.test(id)) return Number(id)
    throw new SetupError(`${id} is no entry of the quarantine`, { hint: '`quarantine list` shows their numbers' })
  })
}
