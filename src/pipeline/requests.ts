// What commands ask beside a running forwarder. A command writes one row; this loop, in the process that holds the lock,
// takes unanswered rows, does the work and answers. Requests are at work side by side, so that one which waits for a
// dead destination keeps no other waiting. Nothing is remembered but the rows: what a crash cut off is unanswered, and
// begun again by the next start; what was answered is never begun again. Rejected: a socket between command and
// forwarder, which would be a second way in, with its own permissions, beside the file that has them already.
import { backoff } from '../domain/backoff.ts'
import type { Clock, Random } from '../domain/clock.ts'
import { type Answer, answerText, type RequestKind, RequestRefused, type Task } from '../domain/request.ts'
import { LedgerFailure } from '../ledger/failure.ts'
import type { Request, RequestLedger } from '../ledger/requests.ts'
import type { Tell } from '../telemetry/events.ts'
import { ledgerFailed } from './telling.ts'

export interface RequestsParts {
  readonly ledger: RequestLedger
  readonly clock: Clock
  readonly random: Random
  readonly tell: Tell
  readonly kinds: readonly RequestKind[]
}

/** How often the ledger is looked at for requests, in milliseconds. */
const LOOK_MS = 1_000
/** Requests of one kind at work at once; the others wait their turn, and those of another kind for none of them. */
const AT_WORK = 32
/** With those that only wait for destinations, so many. */
const BEGUN = 256
/** Answers are kept for so long, and those that are older are looked for so often, in milliseconds. */
const KEPT_MS = 90 * 86_400_000
const TIDY_MS = 600_000
const TIDIED = 1_000
/** Progress is written at most this often for each request, in milliseconds. */
const REPORT_MS = 500
const RETRY = { initialMs: 1_000, maxMs: 60_000 }

interface AtWork {
  readonly kind: string
  rests: boolean
  work: Promise<void>
}

export class Requests {
  readonly #parts: RequestsParts
  readonly #kinds: ReadonlyMap<string, RequestKind>
  readonly #atWork = new Map<number, AtWork>()
  #moves = 0
  #tidiedAt = Number.NEGATIVE_INFINITY

  constructor(parts: RequestsParts) {
    this.#parts = parts
    this.#kinds = new Map(parts.kinds.map((kind) => [kind.name, kind]))
  }

  /** Nothing is asked that is not answered. */
  get idle(): boolean {
    return this.#atWork.size === 0
  }

  /** A number that grows whenever a request has come further. */
  get moves(): number {
    return this.#moves
  }

  /** What has no answer, at work or not. */
  get unanswered(): readonly { readonly request: number; readonly kind: string }[] {
    return this.#parts.ledger.asked().map(({ id: request, kind }) => ({ request, kind }))
  }

  /** Whether lanes must run for requests of this kind. */
  needsLanes(kind: string): boolean {
    return this.#kinds.get(kind)?.delivers ?? false
  }

  /** Answers requests until the signal aborts. What is at work then is left to the next start. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#take(signal)
      this.#tidy()
      await this.#parts.clock.sleep(LOOK_MS, signal)
    }
    await Promise.all([...this.#atWork.values()].map(({ work }) => work))
  }

  #take(signal: AbortSignal): void {
    const { ledger, tell } = this.#parts
    try {
      for (const request of ledger.asked()) {
        if (!this.#atWork.has(request.id) && this.#hasRoom(request)) this.#begin(request, signal)
      }
    } catch (error) {
      tell({ type: 'bug', where: 'looking for requests', error })
    }
  }

  #hasRoom({ kind }: Request): boolean {
    const same = [...this.#atWork.values()].filter((one) => one.kind === kind)
    return same.length < BEGUN && same.filter(({ rests }) => !rests).length < AT_WORK
  }

  /** What was answered long ago is nobody's any more. */
  #tidy(): void {
    const { ledger, clock, tell } = this.#parts
    const now = clock.now()
    if (now - this.#tidiedAt < TIDY_MS && now >= this.#tidiedAt) return
    this.#tidiedAt = now
    try {
      ledger.forgetAnswered(now - KEPT_MS, TIDIED)
    } catch (error) {
      tell({ type: 'bug', where: 'forgetting old requests', error })
    }
  }

  #begin(request: Request, signal: AbortSignal): void {
    const one: AtWork = { kind: request.kind, rests: false, work: Promise.resolve() }
    this.#atWork.set(request.id, one)
    one.work = this.#fulfil(request, signal)
      .catch((error: unknown) => this.#parts.tell({ type: 'bug', where: `request ${request.kind}`, error }))
      .finally(() => this.#atWork.delete(request.id))
  }

  async #fulfil(request: Request, signal: AbortSignal): Promise<void> {
    const { id, kind, by } = request
    this.#parts.tell({ type: 'request_taken', request: id, kind, by })
    const answer = await this.#persist(`request ${kind}`, signal, () => this.#answer(request, signal))
    if (answer === undefined) return
    // An answer found is written even while stopping: the act is done, and would only be looked through again.
    const isKept = await this.#persist(`answering request ${kind}`, signal, async () => {
      this.#parts.ledger.answer(id, answerText(answer))
      return true
    })
    if (isKept === undefined) return
    await this.#kinds.get(kind)?.after?.(request.body, id)
    const refused = 'refused' in answer ? answer.refused : undefined
    this.#parts.tell({ type: 'request_answered', request: id, kind, by, refused })
  }

  /** Does it, and again where the ledger could not be written. Undefined once the signal has aborted. */
  async #persist<T>(doing: string, signal: AbortSignal, attempt: () => Promise<T>): Promise<T | undefined> {
    const { clock, random, tell } = this.#parts
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await attempt()
      } catch (error) {
        if (!(error instanceof LedgerFailure)) throw error
        tell(ledgerFailed(doing, error))
        await clock.sleep(backoff(attempts, RETRY, random), signal)
        if (signal.aborted) return undefined
      }
    }
  }

  /** Undefined where it was cut off by the signal. LedgerFailure passes. */
  async #answer(request: Request, signal: AbortSignal): Promise<Answer | undefined> {
    try {
      const kind = this.#kinds.get(request.kind)
      if (kind === undefined) throw unknownKind(request.kind)
      return { done: await kind.accept(parsed(request.body))(this.#task(request, signal)) }
    } catch (error) {
      if (error instanceof RequestRefused) return { refused: error.message, hint: error.hint }
      if (signal.aborted) return undefined
      if (error instanceof LedgerFailure) throw error
      this.#parts.tell({ type: 'bug', where: `request ${request.kind}`, error })
      return { refused: `it failed unexpectedly: ${error instanceof Error ? error.message : String(error)}` }
    }
  }

  #task({ id, by, at }: Request, signal: AbortSignal): Task {
    const { ledger, clock, tell } = this.#parts
    let last = Number.NEGATIVE_INFINITY
    let standing: string | undefined
    let said: string | undefined
    const report = (progress: unknown): void => {
      const now = clock.now()
      const counts = countsOf(progress)
      if (counts !== standing) this.#moves += 1
      standing = counts
      const words = wordsOf(progress)
      // A clock that was set back must not silence it. Why it waits is said at once: nothing may follow for long.
      if (words === said && now - last < REPORT_MS && now >= last) return
      last = now
      said = words
      try {
        ledger.report(id, JSON.stringify(progress))
      } catch (error) {
        if (!(error instanceof LedgerFailure)) throw error
        tell(ledgerFailed('keeping how far a request is', error))
      }
    }
    const rests = (): void => {
      const one = this.#atWork.get(id)
      if (one !== undefined) one.rests = true
    }
    return { id, by, at, signal, report, rests }
  }
}

/** Progress without its words: a reason that changes is none. */
function countsOf(progress: unknown): string {
  return JSON.stringify(progress, (_, value: unknown) => (typeof value === 'string' ? undefined : value)) ?? ''
}

/** Its words without the numbers. */
function wordsOf(progress: unknown): string {
  return JSON.stringify(progress, (_, value: unknown) => (typeof value === 'number' ? undefined : value)) ?? ''
}

function unknownKind(kind: string): RequestRefused {
  const hint = 'command and forwarder may be of different versions: run the command of the forwarder that is running'
  return new RequestRefused(`this forwarder does not know requests of the kind ${JSON.stringify(kind)}`, { hint })
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw new RequestRefused('the body of the request is no JSON')
  }
}
