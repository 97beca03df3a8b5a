// The file on its way: from here on it is an object like any other, and the lanes need not know what it is.
import { actRecord } from '../../domain/acts.ts'
import type { Clock } from '../../domain/clock.ts'
import { importReceiver, importStore } from '../../domain/imports.ts'
import { type OwnRecord, stamp } from '../../domain/own-records.ts'
import type { Task } from '../../domain/request.ts'
import type { Account } from '../../ledger/accounts.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { count } from '../../telemetry/units.ts'
import type { Enrolment } from '../enrolment.ts'
import type { OwnParts } from '../parts.ts'
import type { ImportBody } from './body.ts'
import type { Differences } from './compare.ts'
import { fileObject } from './file.ts'

export interface ForwardingParts {
  readonly ledger: Ledger
  readonly enrolment: Enrolment
  readonly clock: Clock
  readonly own?: OwnParts
  /** There are new rows. */
  readonly fresh: () => void
}

/** One import that was compared. */
export interface Compared {
  readonly body: ImportBody
  readonly task: Task
  readonly found: Differences
  /** Of the staged copy, in bytes. */
  readonly size: number
}

/** Accounts of all imports, looked up once for all that wait: each look costs as much as there are imports. */
export class Standing {
  readonly #parts: Pick<ForwardingParts, 'ledger' | 'clock'>
  #found: { readonly at: number; readonly accounts: readonly Account[] } | undefined

  constructor(parts: Pick<ForwardingParts, 'ledger' | 'clock'>) {
    this.#parts = parts
  }

  /** There is another import. */
  changed(): void {
    this.#found = undefined
  }

  /** Of this moment, or of a moment ago and not before the last change. */
  accounts(): readonly Account[] {
    const { ledger, clock } = this.#parts
    const now = clock.now()
    const age = now - (this.#found?.at ?? Number.NEGATIVE_INFINITY)
    if (this.#found === undefined || age >= LOOK_MS || age < 0) {
      this.#found = { at: now, accounts: ledger.imports.accounts() }
    }
    return this.#found.accounts
  }
}

/** How often it is looked whether everything is delivered, in milliseconds. */
const LOOK_MS = 500

/** Makes the file an object with rows, and says who wanted it. Again after a crash, it is the same object. */
export function register(
  { body, task, found, size }: Compared,
  destinations: readonly string[],
  parts: ForwardingParts,
) {
  const { ledger, enrolment, clock, own, fresh } = parts
  const receiver = importReceiver(task.id, body.receiver)
  const time = found.from ?? task.at
  const startAt = Math.min(0, time)
  enrolment.add(destinations.map((destination) => ({ destination, receiver, startAt })))
  ledger.together(() => {
    const now = clock.now()
    ledger.see(receiver, importStore(body.receiver), [fileObject(body, task, { time, size })], 'swept', now)
    if (own !== undefined) ledger.record([{ record: act(body, task, found) }], now)
  })
  fresh()
}

/** The same while what the file left to others is on its way, in milliseconds: that may take as long as an outage. */
const LEAN_MS = 5_000

/**
 * The import's accounts, once nothing of it is outstanding anywhere, nor anything that it left to the stream: until then
 * the staged copy may be all there is of it. Fails when the signal aborts.
 */
export async function delivered(
  { body, task, found }: Compared,
  { ledger, clock, standing }: ForwardingParts & { readonly standing: Standing },
): Promise<readonly Account[]> {
  const receiver = importReceiver(task.id, body.receiver)
  task.rests()
  for (;;) {
    const accounts = standing.accounts().filter((account) => account.receiver === receiver)
    const due = accounts.filter(({ outstanding }) => outstanding > 0)
    const waiting = due.length > 0 ? due : leaning(accounts, body, task, ledger)
    if (waiting.length === 0) return accounts
    const done = Math.min(...accounts.map((one) => one.delivered + one.filtered + one.duplicates + one.quarantined))
    const why = waiting.map(({ destination: where, stop, oldest }) => {
      return { where, reason: stop?.reason ?? oldest?.reason }
    })
    task.report({ phase: 'delivering', done, of: found.rows + found.unreadableRows, waiting: why })
    await clock.sleep(due.length > 0 ? LOOK_MS : LEAN_MS, task.signal)
    task.signal.throwIfAborted()
  }
}

/** Who has yet to be given by the stream what the file has too. */
function leaning(
  accounts: readonly Account[],
  { staged, receiver }: ImportBody,
  { id }: Task,
  ledger: Ledger,
): readonly Pick<Account, 'destination' | 'stop' | 'oldest'>[] {
  const [object] = ledger.imports.numbers(importStore(receiver), [{ key: staged, version: String(id) }])
  if (object === undefined) return []
  const stream = ledger.accounts().filter((account) => account.receiver === receiver)
  return accounts.flatMap(({ destination }) => {
    if (!ledger.imports.leansOn(destination, object)) return []
    const feeding = stream.find((account) => account.destination === destination)
    return [{ destination, stop: feeding?.stop, oldest: feeding?.oldest }]
  })
}

/** Whoever imports brings events into the log: that is an act of theirs. */
function act({ name, staged, receiver }: ImportBody, { by, at }: Task, found: Differences): OwnRecord {
  const { rows, from, to, lackingInStream } = found
  const about = {
    ...{ file: name, sha256: staged, receiver, rows, from: stamp(from), to: stamp(to) },
    lacking_in_stream: lackingInStream.events,
  }
  const lacking = `the stream lacks ${count(lackingInStream.events, 'event')} of it`
  const text = `${name} with ${count(rows, 'row')} was imported for ${receiver}; ${lacking}`
  return actRecord({ what: 'file_imported', by, at, why: 'asked for an import', body: text, about })
}
