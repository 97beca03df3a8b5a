// A command that changes something beside a running forwarder. It writes one row, and follows it: the forwarder, which
// holds the ledger, does the work. Where nobody holds it the command takes it and does the work itself, as the forwarder
// would; and where the forwarder ends before it has answered, and is not back in a minute, so does the command from there
// on: one that is only restarted must find its ledger free. Either way the request is a row before anything is done, so it
// outlives whoever asked, and whoever works.
import { existsSync } from 'node:fs'
import type { Loaded } from '../config/load.ts'
import { SetupError } from '../domain/failures.ts'
import { type Answer, readAnswer } from '../domain/request.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Request } from '../ledger/requests.ts'
import { checkLedger } from '../ledger/sqlite/check.ts'
import { openSqliteLedger, type SqliteLedger } from '../ledger/sqlite/ledger.ts'
import { LedgerHeld, Lock } from '../ledger/sqlite/lock.ts'
import { systemClock } from './clock.ts'
import { openPipeline, openTelemetry } from './open.ts'
import { processSignals, StopSignals } from './stop.ts'
import { whoAsks } from './who.ts'

export interface Asking {
  readonly kind: string
  /** What its kind takes, as JSON. */
  readonly body: unknown
  /** How far it is, whenever that has changed. */
  readonly show: (progress: unknown) => void
  /** What whoever waits should know. */
  readonly say?: (text: string) => void
  /** How long a forwarder that has ended is waited for, in milliseconds. */
  readonly comeBackMs?: number
  /** Whether an unanswered request is this very one: then it is followed, and none is made. */
  readonly joins?: (request: Request) => boolean
  /** Whether there may be no ledger yet; it is then created. */
  readonly mayBegin?: boolean
}

export interface Asked {
  readonly request: number
  /** Undefined where the command was told to stop before there was one; the request stays. */
  readonly answer: Answer | undefined
}

/** How often a request is looked at, and how often it is tried whether its forwarder has ended, in milliseconds. */
const LOOK_MS = 250
const TRY_MS = 2_000
const COME_BACK_MS = 60_000

/** Has a request fulfilled, by the running forwarder or here. Throws SetupError where there is no ledger to ask. */
export async function fulfilled(loaded: Loaded, asking: Asking): Promise<Asked> {
  const path = ledgerPath(loaded, asking.mayBegin)
  const stop = stopSignal()
  const show = onChange(asking.show)
  let request: number | undefined
  const absence = new Absence(path, asking)
  for (;;) {
    const mine = absence.isAwaited() ? undefined : taken(loaded, path)
    if (mine === undefined) absence.held()
    const ledger = mine ?? openSqliteLedger({ path, readOnly: true })
    try {
      request ??= joined(ledger, asking) ?? ledger.ask(asking.kind, JSON.stringify(asking.body), whoAsks(), Date.now())
      if (mine === undefined) await follow(ledger, request, show, stop, TRY_MS)
      else await work(loaded, mine, request, show, stop)
      const answer = ledger.request(request)?.answer
      if (answer !== undefined) return { request, answer: readAnswer(answer) }
      if (mine !== undefined || stop.aborted) return { request, answer: undefined }
    } finally {
      ledger.close()
    }
  }
}

function joined(ledger: Ledger, { kind, joins }: Asking): number | undefined {
  return ledger.asked().find((request) => request.kind === kind && joins?.(request))?.id
}

/** The path of the ledger's file. Throws SetupError where there is none. */
export function ledgerPath({ config }: Loaded, mayBegin = false): string {
  const path = config.service.ledger.sqlite?.path
  if (path === undefined) {
    throw new SetupError('a ledger in memory can be asked by nobody but its own forwarder', {
      hint: 'configure service.ledger.sqlite',
    })
  }
  if (mayBegin || existsSync(path)) return path
  throw new SetupError(`there is no ledger ${path}`, {
    hint: 'correct service.ledger.sqlite.path, or start the forwarder first',
  })
}

/** A forwarder that was there and is not any more: perhaps it is being restarted, and must find its ledger free. */
class Absence {
  readonly #lock: string
  readonly #asking: Asking
  #since: number | undefined
  #wasHeld = false

  constructor(path: string, asking: Asking) {
    this.#lock = `${path}.lock`
    this.#asking = asking
  }

  /** Somebody else has the ledger. */
  held(): void {
    this.#wasHeld = true
  }

  /** Whether it may come back, so that its ledger is left alone. */
  isAwaited(): boolean {
    const { say, comeBackMs = COME_BACK_MS } = this.#asking
    if (!this.#wasHeld) return false
    if (!this.#isFree()) {
      this.#since = undefined
      return true
    }
    if (this.#since === undefined) {
      const seconds = Math.ceil(comeBackMs / 1_000)
      say?.(`the forwarder has ended; if it is not back in ${seconds} s, the work is done here`)
    }
    this.#since ??= Date.now()
    return Date.now() - this.#since < comeBackMs
  }

  #isFree(): boolean {
    try {
      new Lock(this.#lock).release()
      return true
    } catch (error) {
      if (error instanceof LedgerHeld) return false
      throw error
    }
  }
}

/** The ledger, held from now on; undefined where somebody else holds it, who is not disturbed. */
function taken({ config }: Loaded, path: string): SqliteLedger | undefined {
  if (config.service.checkpoint !== undefined) return held(path)
  try {
    return openSqliteLedger({ path, maxQuarantineBytes: config.service.quarantine.max_bytes })
  } catch (error) {
    if (error instanceof LedgerHeld) return undefined
    throw error
  }
}

/** With replicas only the owner works: a ledger that nobody holds is one that others may have gone beyond. */
function held(path: string): undefined {
  if (checkLedger(path).held) return undefined
  throw new SetupError(`nobody sends from here: ${path} is not in use`, {
    hint: 'ask beside the replica that owns the sending; /readyz of any other names it',
  })
}

/** Shows how far a request is until it is answered, the signal aborts, or the time is over. */
async function follow(ledger: Ledger, id: number, show: Show, stop: AbortSignal, forMs: number): Promise<void> {
  const until = Date.now() + forMs
  while (!stop.aborted && Date.now() < until) {
    const request = ledger.request(id)
    show(request?.progress)
    if (request?.answer !== undefined) return
    await systemClock.sleep(LOOK_MS, stop)
  }
}

/** Does the work here, until it is answered or the signal aborts. */
async function work(loaded: Loaded, ledger: Ledger, id: number, show: Show, stop: AbortSignal): Promise<void> {
  const end = new AbortController()
  try {
    const { pipeline } = await openPipeline(loaded, ledger, openTelemetry(loaded, 'warn'), end.signal)
    const following = follow(ledger, id, show, AbortSignal.any([stop, end.signal]), Number.POSITIVE_INFINITY)
    await pipeline.fulfil(id, stop)
    await following
  } finally {
    end.abort()
  }
}

type Show = (progress: string | undefined) => void

function onChange(show: Asking['show']): Show {
  let shown: string | undefined
  return (progress) => {
    if (progress === undefined || progress === shown) return
    shown = progress
    show(JSON.parse(progress))
  }
}

/**
 * A first Ctrl-C leaves the work to the forwarder, or to the next one; a second ends at once. It is meant for the whole
 * command, whatever that has still to ask for.
 */
function stopSignal(): AbortSignal {
  const now = (): number => performance.now()
  const endNow = (): void => process.exit(1)
  stopSignals ??= new StopSignals({ source: processSignals, now, stopping: () => {}, endNow })
  return stopSignals.aborted
}

let stopSignals: StopSignals | undefined
