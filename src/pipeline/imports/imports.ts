// Importing a file, from the request to the report. The file lies staged before anything is asked for, so whoever holds the
// ledger can do the work, at once or after a restart:
//
//   compare    the stream's objects of that time are listed, read and decided; what either side lacks is found
//   forward    the file becomes an object with rows, under a receiver of its own; the lanes do the rest
//   report     once every row is settled; then the copy goes
//
// Begun again after a crash, it goes on where it was: what was found is kept beside the copy, and a file that is an object
// already stays the same one.
import { ReadFailure } from '../../domain/failures.ts'
import { type RequestKind, RequestRefused, requestKind, type Task } from '../../domain/request.ts'
import { QuarantineFull } from '../../ledger/quarantine.ts'
import type { TelemetryEvent } from '../../telemetry/events.ts'
import { Discoveries } from '../discovery.ts'
import type { Enrolment } from '../enrolment.ts'
import type { ImportParts, PipelineParts, ReceiverSpec } from '../parts.ts'
import type { AuditReader } from '../reader.ts'
import { type ImportBody, importBody } from './body.ts'
import { clear, differencesOf, tidy } from './clearing.ts'
import { type CompareParts, compare, type Differences } from './compare.ts'
import { fileObject } from './file.ts'
import { delivered, register, Standing } from './forwarding.ts'
import { type LaidParts, lookOnce, watchLaid } from './laid.ts'
import { destinationReport, type ImportReport, importReport, rehearsed } from './report.ts'

export interface ImportsParts extends Omit<PipelineParts, 'imports'> {
  readonly imports: ImportParts
  readonly enrolment: Enrolment
  readonly reader: AuditReader
  /** There are new rows. */
  readonly fresh: () => void
}

export class Imports {
  readonly #parts: ImportsParts
  /** From when on claims are needed, by request. */
  readonly #needs = new Map<number, number>()
  readonly #standing: Standing
  /** One comparison at a time: it reads days of the stream. */
  #comparing: Promise<unknown> = Promise.resolve()

  constructor(parts: ImportsParts) {
    this.#parts = parts
    this.#standing = new Standing(parts)
  }

  get kinds(): readonly RequestKind[] {
    const after = ({ receiver }: ImportBody, id: number): Promise<void> => this.#clear(id, receiver)
    const act = (body: ImportBody, task: Task): Promise<ImportReport> => this.#act(body, task)
    const rehearse = (body: ImportBody, task: Task): Promise<ImportReport> => this.#rehearse(body, task)
    return [
      requestKind({ name: 'import', delivers: true, parse: importBody, act, after }),
      requestKind({ name: 'import.dry', parse: importBody, act: rehearse, after }),
    ]
  }

  /** Claims of events from this instant on must not be forgotten; undefined where there is no such need. */
  get keepFrom(): number | undefined {
    return this.#needs.size === 0 ? undefined : Math.min(...this.#needs.values())
  }

  /** Asks for files that are laid in stores, as they appear. Never rejects. */
  async watch(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#laid.map((place) => watchLaid(place, signal)))
  }

  /** The same, once. Returns the receivers of which something could not be taken; why is told. */
  async look(signal: AbortSignal): Promise<readonly string[]> {
    const looked = await Promise.all(this.#laid.map((place) => lookOnce(place, signal)))
    return this.#laid.flatMap(({ receiver }, index) => (looked[index] === true ? [] : [receiver]))
  }

  get #laid(): readonly LaidParts[] {
    const { staging } = this.#parts.imports
    return this.#parts.receivers.flatMap(({ id: receiver, imports }) => {
      return imports === undefined ? [] : [{ ...this.#parts, ...imports, receiver, staging }]
    })
  }

  /** Clears up after imports that are answered, where a crash prevented it. */
  tidy(): void {
    const { tell, imports } = this.#parts
    tidy({ ...this.#parts, staging: imports.staging }).catch((error: unknown) => {
      tell({ type: 'bug', where: 'clearing up after imports', error })
    })
  }

  #clear(request: number, receiver: string): Promise<void> {
    this.#needs.delete(request)
    return clear(request, receiver, { ...this.#parts, staging: this.#parts.imports.staging })
  }

  async #act(body: ImportBody, task: Task): Promise<ImportReport> {
    const { tell } = this.#parts
    const { receiver, name } = body
    tell({ type: 'import_begun', receiver, name, request: task.id })
    const report = await this.#forward(body, task).catch((error: unknown) => {
      if (error instanceof RequestRefused) tell(refusal(body, error))
      throw error
    })
    const { file, lackingInStream } = report
    const [rows, lacking] = [file.rows + file.unreadable, lackingInStream.events]
    tell({ type: 'import_finished', receiver, name, request: task.id, rows, lacking })
    return report
  }

  async #forward(body: ImportBody, task: Task): Promise<ImportReport> {
    const { staging } = this.#parts.imports
    const receiver = this.#receiver(body)
    const before = await staging.kept(differencesOf(task.id))
    const found = before === undefined ? await this.#find(body, receiver, task) : (JSON.parse(before) as Differences)
    const size = (await staging.sizeOf(body.staged)) ?? 0
    const compared = { body, task, found, size }
    register(compared, this.#destinations(receiver.id), this.#parts)
    this.#standing.changed()
    this.#needs.delete(task.id)
    const accounts = await delivered(compared, { ...this.#parts, standing: this.#standing })
    this.#witness(body, found, true)
    const destinations = accounts.map((account) => destinationReport(account, found))
    return importReport(body, receiver.store.uri, found, destinations)
  }

  /** Compares, and keeps what was found for whoever must begin again. */
  async #find(body: ImportBody, receiver: ReceiverSpec, task: Task): Promise<Differences> {
    const found = await this.#compare(body, receiver, task, {
      destinations: [],
      discoveries: this.#discoveries(receiver),
    })
    mustBeRecognisable(found, body)
    this.#witness(body, found, false)
    // Whoever finds them kept reads nothing of the stream again: by then it must be known what that held.
    this.#parts.ledger.imports.secure()
    await this.#parts.imports.staging.keep(differencesOf(task.id), JSON.stringify(found))
    return found
  }

  /** What the file proves of the stream is for whoever watches it. */
  #witness({ receiver, name }: ImportBody, { from, to, lackingInStream }: Differences, forwarded: boolean): void {
    const { ledger, clock } = this.#parts
    if (from === undefined || to === undefined) return
    const { events: lacking, listed: intervals } = lackingInStream
    ledger.watch.note({ what: 'import', receiver, name, from, to, forwarded, lacking, intervals, at: clock.now() })
  }

  /** Everything but keeping and forwarding. */
  async #rehearse(body: ImportBody, task: Task): Promise<ImportReport> {
    const receiver = this.#receiver(body)
    const destinations = this.#destinations(receiver.id)
    const found = await this.#compare(body, receiver, task, { destinations, discoveries: undefined })
    return { ...importReport(body, receiver.store.uri, found, rehearsed(found)), dryRun: true }
  }

  /** Waits its turn. */
  #compare(body: ImportBody, receiver: ReceiverSpec, task: Task, how: How): Promise<Differences> {
    const turn = this.#comparing.then(() => this.#compareNow(body, receiver, task, how))
    this.#comparing = turn.catch(() => undefined)
    return turn
  }

  async #compareNow(body: ImportBody, receiver: ReceiverSpec, task: Task, how: How): Promise<Differences> {
    const { staging, openComparison } = this.#parts.imports
    const { signal } = task
    signal.throwIfAborted()
    const size = await staging.sizeOf(body.staged)
    if (size === undefined) throw new RequestRefused('the staged copy is gone', { hint: 'import the file again' })
    const comparison = openComparison(staging.path(`${task.id}.comparison`))
    const file = fileObject(body, task, { time: task.at, size })
    let at = { done: 0, of: 0 }
    const progress = (done: number, of: number): void => {
      at = { done, of }
      task.report({ phase: 'comparing', ...at })
    }
    const waits = (reason: string): void =>
      task.report({ phase: 'comparing', ...at, waiting: [{ where: receiver.store.uri, reason }] })
    const keepFrom = (time: number): void => void this.#needs.set(task.id, time)
    const windowMs = this.#parts.deduplicationMs
    try {
      return await compare({
        ...this.#parts,
        ...how,
        receiver,
        comparison,
        signal,
        file,
        windowMs,
        progress,
        waits,
        keepFrom,
      })
    } catch (error) {
      // What a stop breaks off is no answer.
      signal.throwIfAborted()
      if (error instanceof QuarantineFull) throw new RequestRefused(error.message)
      // Of the stream's objects a failure is counted: this is the staged copy's own.
      if (error instanceof ReadFailure) throw refused(error)
      throw error
    } finally {
      comparison.close()
    }
  }

  #discoveries({ id: receiver, store }: ReceiverSpec): CompareParts['discoveries'] {
    const { ledger } = this.#parts
    const sink = new Discoveries({ ...this.#parts, receiver, store: store.uri })
    return {
      see: (sightings) => {
        if (sightings.length > 0) sink.see(sightings, 'swept')
        return ledger.imports.numbers(store.uri, sightings)
      },
    }
  }

  #receiver({ receiver: id }: ImportBody): ReceiverSpec {
    const found = this.#parts.receivers.find((receiver) => receiver.id === id)
    if (found !== undefined) return found
    throw new RequestRefused(`there is no receiver ${id}`, { hint: 'name one that the forwarder is configured with' })
  }

  #destinations(receiver: string): readonly string[] {
    const fed = this.#parts.destinations.filter(({ routes }) => routes.some((route) => route.receiver === receiver))
    return fed.map(({ id }) => id)
  }
}

function refused({ message, hint }: ReadFailure): RequestRefused {
  return new RequestRefused(message, hint === undefined ? {} : { hint })
}

function refusal({ receiver, name }: ImportBody, { message: reason, hint }: RequestRefused): TelemetryEvent {
  return { type: 'import_refused', receiver, name, reason, hint }
}

/** Whom it is about, and whether anything may be kept. */
type How = Pick<CompareParts, 'destinations' | 'discoveries'>

function mustBeRecognisable({ unrecognised, objects }: Differences, { acceptRepeats }: ImportBody): void {
  if (unrecognised === 0 || acceptRepeats) return
  const what = `${unrecognised} objects of the time that the file covers were seen once and cannot be read any more (${objects} can)`
  throw new RequestRefused(`${what}: events of theirs cannot be recognised and would be forwarded again`, {
    hint: 'import only what the stream lacks, or say --accept-repeats',
  })
}
