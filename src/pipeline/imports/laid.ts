// Files that are laid in a store instead of being handed to a command: nobody needs a shell beside the forwarder for them.
// Now and then the place is listed, and what was never asked for is staged and asked for, as a command would. A file is
// known by its key and version, so one that is laid again under its name is another one; it is imported once, whatever
// came of it, and nothing in the store is changed.
import { backoff } from '../../domain/backoff.ts'
import type { Clock, Random } from '../../domain/clock.ts'
import { ReadFailure, SourceFailure } from '../../domain/failures.ts'
import { isProbe, type Sighting } from '../../domain/objects.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { type Copies, NoRoom, type Staged } from '../../receiver/imports/copies.ts'
import type { Store } from '../../receiver/store.ts'
import type { Tell } from '../../telemetry/events.ts'
import type { ImportBody } from './body.ts'

export interface LaidParts {
  /** Whose events lie there. */
  readonly receiver: string
  /** The place alone: its prefix is where they are laid. */
  readonly store: Store
  readonly intervalMs: number
  readonly staging: Copies
  readonly ledger: Ledger
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
}

const patience = { initialMs: 5_000, maxMs: 300_000 }

/** Looks at once and then at every interval until the signal aborts. Never rejects. */
export async function watchLaid(parts: LaidParts, signal: AbortSignal): Promise<void> {
  const tooLarge = new Map<string, NoRoom>()
  for (let failures = 0; !signal.aborted; ) {
    const failure = await look({ ...parts, tooLarge }, signal)
    failures = failure === undefined ? 0 : failures + 1
    const retryInMs = failure === undefined ? parts.intervalMs : backoff(failures, patience, parts.random)
    if (failure !== undefined && !signal.aborted) tellWaiting(failure, retryInMs, parts)
    await parts.clock.sleep(retryInMs, signal)
  }
}

/** Looks once, for a run that is to end. Returns whether nothing was in the way, and tells what was. Never rejects. */
export async function lookOnce(parts: LaidParts, signal: AbortSignal): Promise<boolean> {
  const failure = await look({ ...parts, tooLarge: new Map() }, signal)
  if (failure !== undefined) tellWaiting(failure, parts.intervalMs, parts)
  return failure === undefined
}

interface LookParts extends LaidParts {
  /** What there was no room for: it is not read again, which may take long, before there is more. */
  readonly tooLarge: Map<string, NoRoom>
}

/** Asks for what is new there, once. Returns what was in the way first. Never rejects. */
async function look(parts: LookParts, signal: AbortSignal): Promise<unknown> {
  let failure: unknown
  try {
    for await (const { objects } of parts.store.list('', signal))
      for (const object of objects.filter((one) => !isProbe(one))) {
        const one = await attempt(object, parts, signal)
        failure ??= one
      }
    return failure
  } catch (error) {
    return failure ?? error ?? new Error('unknown')
  }
}

/** A file that cannot be had keeps no other waiting. Returns why it cannot. */
async function attempt(object: Sighting, parts: LookParts, signal: AbortSignal): Promise<unknown> {
  try {
    await take(object, parts, signal)
    return undefined
  } catch (error) {
    if (signal.aborted || !(error instanceof ReadFailure || error instanceof SourceFailure)) throw error
    return naming(object, parts, error)
  }
}

function naming({ key }: Sighting, { store }: LaidParts, cause: ReadFailure | SourceFailure): SourceFailure {
  const { message, hint } = cause
  return new SourceFailure(`${store.uri}/${key} waits: ${message}`, { ...(hint !== undefined && { hint }), cause })
}

async function take(object: Sighting, parts: LookParts, signal: AbortSignal): Promise<void> {
  const { receiver, store, ledger, clock } = parts
  const name = `${store.uri}/${object.key}`
  const source = `${name}@${object.version}`
  signal.throwIfAborted()
  if (ledger.imports.isAsked(source)) return
  const staged = await stage(object, source, parts, signal)
  const body: ImportBody = { staged: staged.name, name, receiver, acceptRepeats: false, source }
  ledger.ask('import', JSON.stringify(body), `whoever laid it there`, clock.now())
}

async function stage(
  object: Sighting,
  source: string,
  { store, staging, tooLarge }: LookParts,
  signal: AbortSignal,
): Promise<Staged> {
  const before = tooLarge.get(source)
  if (before !== undefined && (await staging.free()) <= before.free) throw before
  tooLarge.delete(source)
  try {
    return await staging.stage(await store.read(object, signal))
  } catch (error) {
    if (error instanceof NoRoom) tooLarge.set(source, error)
    throw error
  }
}

function tellWaiting(error: unknown, retryInMs: number, { receiver, tell }: LaidParts): void {
  const isExpected = error instanceof SourceFailure || error instanceof ReadFailure
  if (!isExpected) tell({ type: 'bug', where: `looking for files to import for ${receiver}`, error })
  else tell({ type: 'import_waits', receiver, reason: error.message, hint: error.hint, retryInMs })
}
