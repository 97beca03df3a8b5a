// The ledger as one life of the process uses it: every call is a touch of the world, and what the oracle must know of
// the calls is written down. Nothing of the ledger's inside is looked at.

import { ownReceiver } from '../../src/domain/own-records.ts'
import type { Watermark } from '../../src/ledger/accounts.ts'
import { LedgerFailure } from '../../src/ledger/failure.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import type { OwnEntry } from '../../src/ledger/own.ts'
import type { Epoch } from './epoch.ts'
import type { Medium } from './medium.ts'
import type { Spoken } from './spoken.ts'
import type { Watch } from './watch.ts'

const READS = new Set([
  ...['routes', 'sweptTo', 'object', 'adopted', 'due', 'row', 'nextDue', 'intents', 'provisional'],
  ...['accounts', 'totals', 'quarantine', 'asked', 'request', 'close', 'own', 'waiting', 'ownStandings'],
  ...['entry', 'kept', 'withheld', 'withholding', 'survey', 'repair', 'underWay'],
])

type Method = (...args: unknown[]) => unknown

export interface ObservedParts {
  readonly medium: Medium
  readonly epoch: Epoch
  readonly watch: Watch
  readonly spoken: Spoken
  /** Nothing can be written now. */
  readonly isFull: () => boolean
}

export function observed({ medium, epoch, watch, spoken, isFull }: ObservedParts): Ledger {
  const { ledger } = medium
  return new Proxy(ledger, {
    get: (_, name) => {
      const method = (ledger as unknown as Record<string | symbol, unknown>)[name]
      if (typeof method !== 'function' || typeof name !== 'string') return method
      return (...args: unknown[]) =>
        epoch.touch(() => {
          if (!READS.has(name) && isFull()) throw full()
          const result = (method as Method).apply(ledger, args)
          if (!READS.has(name)) watch.committed(medium.volatile)
          note({ ledger, watch }, name, args, result)
          if (name === 'record') keep(spoken, medium, args[0] as readonly OwnEntry[])
          return result
        })
    },
  })
}

/** Within `together` it is durable only with the rest. */
function keep(spoken: Spoken, { ledger, volatile }: Medium, entries: readonly OwnEntry[]): void {
  const told = ledger.routes().filter(({ receiver }) => receiver === ownReceiver)
  const isAct = entries.some(
    ({ record: { kind }, only }) => kind === 'act' || kind.startsWith('gap.') || only !== undefined,
  )
  const names = told.map(({ destination }) => destination)
  spoken.kept(entries, names, !isAct && volatile > 0)
}

function full(): LedgerFailure {
  return new LedgerFailure('simulated: the disk is full', { hint: 'make room', full: true, cause: undefined })
}

// Arguments are what the interface says they are: the compiler saw to that where they were given.
function note(
  { ledger, watch }: { ledger: Ledger; watch: Watch },
  name: string,
  args: unknown[],
  result: unknown,
): void {
  if (name === 'see') watch.saw(args as Parameters<Ledger['see']>)
  else if (name === 'refill') watch.refilled(args as Parameters<Ledger['refill']>)
  else if (name === 'answer') watch.answered(args[0] as number)
  else if (name === 'swept') watch.swept(args[0] as string, args[1] as number)
  else if (name === 'lose') watch.lost(args as Parameters<Ledger['lose']>, ledger.object(args[1] as number))
  else if (name === 'quarantineMessage') watch.keptMessage(args[1] as string)
  else if (name === 'advance') {
    watch.advanced(result as readonly Watermark[])
    watch.held(ledger.accounts())
  }
}
