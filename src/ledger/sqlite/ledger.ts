// The ledger on disk: this file says what is a transaction and which of them are durable, the others what happens in it.
import { resolve as absolute } from 'node:path'
import type { AuditObject, Discovery, Sighting } from '../../domain/objects.ts'
import type { Account, Stop, Watermark } from '../accounts.ts'
import type { Alteration } from '../alterations.ts'
import type { BelongingLedger } from '../belongings.ts'
import type { Route, Seen } from '../discovery.ts'
import type { Copy, Decision, Position, Pruned, Undecided } from '../duplicates.ts'
import type { LedgerFailure } from '../failure.ts'
import type { Holdings } from '../holdings.ts'
import type { HourCount } from '../hours.ts'
import type { ImportLedger } from '../imports.ts'
import type { Attempt, Draft, Intent, Resolution, Resolved } from '../intents.ts'
import type { Ledger } from '../ledger.ts'
import type { Retired } from '../names.ts'
import type { DueQuery, Row, Settlement } from '../progress.ts'
import type { Request } from '../requests.ts'
import { defaultQuarantineBytes } from '../rules.ts'
import type { Sealing, SealQuery } from '../seals.ts'
import type { LedgerTotals } from '../totals.ts'
import type { WatchLedger } from '../watch.ts'
import { accounts, advance, retired, standings, stop, totals } from './accounts.ts'
import { alterations, note } from './alterations.ts'
import { SqliteBelongings } from './belongings.ts'
import { Connection } from './connection.ts'
import { arrivals, enrol, object, routes, see, swept, sweptTo } from './discovery.ts'
import { decide } from './duplicates.ts'
import type { Mounts } from './file-system.ts'
import { holdings } from './holdings.ts'
import { hours } from './hours.ts'
import { SqliteImports } from './imports.ts'
import { attempted, intend, intents, provisional, resolve, revoke } from './intents.ts'
import { Lock } from './lock.ts'
import { renewCopies } from './older.ts'
import { checkPlace, newest, openForReading, openForWriting } from './open.ts'
import { due, lose, nextDue, postpone, row, settle } from './progress.ts'
import { prune } from './pruning.ts'
import { rename } from './rename.ts'
import { Repairing } from './repairing.ts'
import { answer, ask, asked, forgetAnswered, report, request } from './requests.ts'
import { adopted, judge } from './rescue.ts'
import { type Migration, migrations } from './schema.ts'
import { seal } from './sealing.ts'
import { SqliteWatch } from './watch.ts'

export interface SqliteLedgerOptions {
  readonly path: string
  /** Cap on everything quarantine keeps. Default 1 GiB. */
  readonly maxQuarantineBytes?: number
  /** For commands beside a running forwarder: takes no lock, migrates nothing; only `ask` writes. */
  readonly readOnly?: boolean
  /** The steps of another release, in tests of going back. */
  readonly steps?: readonly Migration[]
  /** This machine's file systems, in tests of those it does not have. */
  readonly mounts?: Mounts
}

/** Opens the ledger, creating it if need be. Throws SetupError, in words, for whatever stands in the way. */
export function openSqliteLedger(options: SqliteLedgerOptions): SqliteLedger {
  const path = absolute(options.path)
  const cap = options.maxQuarantineBytes ?? defaultQuarantineBytes
  checkPlace(path, options.readOnly ?? false, options.mounts)
  if (options.readOnly) return new SqliteLedger(openForReading(path), undefined, cap)
  const lock = new Lock(`${path}.lock`)
  try {
    const steps = options.steps ?? migrations
    return new SqliteLedger(openForWriting(path, steps), { lock, steps }, cap)
  } catch (error) {
    lock.release()
    throw error
  }
}

/** What the one who may write has. */
interface Writer {
  readonly lock: Lock
  /** Those that led to the ledger as it is. */
  readonly steps: readonly Migration[]
}

export class SqliteLedger extends Repairing implements Ledger {
  readonly #writer: Writer | undefined
  readonly imports: ImportLedger
  readonly belongings: BelongingLedger
  readonly watch: WatchLedger

  /** Use `openSqliteLedger`. Without a lock the ledger is for reading. */
  constructor(db: Connection, writer: Writer | undefined, quarantineCap: number) {
    super(db, quarantineCap)
    this.#writer = writer
    this.imports = new SqliteImports(db, (durability, body) => this.write(durability, body))
    this.belongings = new SqliteBelongings(db, (body) => this.write('volatile', body))
    this.watch = new SqliteWatch(db, (durability, body) => this.write(durability, body))
  }

  enrol(wanted: readonly Route[], now: number): void {
    this.write('durable', () => enrol(this.db, wanted, now))
  }

  rename(from: string, to: string): void {
    this.write('durable', () => rename(this.db, from, to))
    this.held.forget()
  }

  routes(): readonly Route[] {
    return routes(this.db)
  }

  see(receiver: string, store: string, sightings: readonly Sighting[], how: Discovery, now: number): Seen {
    const arriving = arrivals(this.db, receiver, store, sightings)
    if (arriving.length === 0) return { fresh: [], late: [], altered: [], known: sightings.length }
    const seen = this.write('durable', () => see(this.db, { receiver, store, how }, arriving, now))
    return { ...seen, known: sightings.length - seen.fresh.length }
  }

  sweptTo(receiver: string): number | undefined {
    return sweptTo(this.db, receiver)
  }

  swept(receiver: string, startedAt: number): void {
    this.write('durable', () => swept(this.db, receiver, startedAt))
  }

  hours(from: number): readonly HourCount[] {
    return hours(this.db, from)
  }

  object(ref: number): AuditObject | undefined {
    return object(this.db, ref)
  }

  decide(chunk: Undecided, now: number): Decision {
    return this.write('volatile', () => decide(this.db, this.held, chunk, now, this.quarantineCap))
  }

  judge(destination: string, ref: number, copies: readonly Copy[]): readonly boolean[] {
    if (copies.length === 0) return []
    return this.write('volatile', () => judge(this.db, destination, ref, copies))
  }

  adopted(destination: string, ref: number): ReadonlySet<number> {
    return adopted(this.db, destination, ref)
  }

  prune(window: number, needed?: number, after?: number): Pruned {
    return this.write('volatile', () => prune(this.db, window, needed, after))
  }

  due(destination: string, query: DueQuery): readonly Row[] {
    return due(this.db, destination, query)
  }

  row(destination: string, ref: number): Row | undefined {
    return row(this.db, destination, ref)
  }

  nextDue(destination: string, except: ReadonlySet<number>): number | undefined {
    return nextDue(this.db, destination, except)
  }

  settle(destination: string, settlements: readonly Settlement[]): void {
    this.write('volatile', () => settle(this.db, destination, settlements))
  }

  postpone(destination: string, ref: number, dueAt: number, reason: string): void {
    this.write('volatile', () => postpone(this.db, destination, ref, dueAt, reason))
  }

  lose(destination: string, ref: number, reason: string, now: number): readonly number[] {
    return this.write('durable', () => lose(this.db, this.held, destination, ref, reason, now))
  }

  intents(destination: string): readonly Intent[] {
    return intents(this.db, destination)
  }

  intend(destination: string, drafts: readonly Draft[], now: number): readonly Intent[] {
    return this.write('durable', () => intend(this.db, this.held, destination, drafts, now))
  }

  attempted(intent: number, attempt: Attempt): Intent {
    return this.write('volatile', () => attempted(this.db, intent, attempt))
  }

  resolve(intent: number, resolution: Resolution, now: number): Resolved {
    const promising = (resolution.drafts?.length ?? 0) + (resolution.refused?.length ?? 0) > 0
    return this.write(promising ? 'durable' : 'volatile', () => {
      return resolve(this.db, this.held, intent, resolution, now, this.quarantineCap)
    })
  }

  provisional(destination: string): readonly Position[] {
    return provisional(this.db, destination)
  }

  revoke(destination: string, dueAt: number, only?: readonly Position[]): number {
    return this.write('durable', () => revoke(this.db, this.held, destination, dueAt, only))
  }

  advance(): readonly Watermark[] {
    const { marks, moves } = standings(this.db)
    if (moves.length > 0) this.write('durable', () => advance(this.db, moves))
    return marks
  }

  accounts(): readonly Account[] {
    return accounts(this.db)
  }

  retired(): readonly Retired[] {
    return retired(this.db)
  }

  totals(): LedgerTotals {
    return totals(this.db)
  }

  holdings(): Holdings {
    return holdings(this.db, this.quarantineCap)
  }

  failing(): LedgerFailure | undefined {
    return this.db.failing
  }

  altered(object: Alteration['object'], sha1: string, now: number): boolean {
    return this.write('volatile', () => note(this.db, object, 'content', sha1, now))
  }

  alterations({ limit }: { readonly limit: number }): readonly Alteration[] {
    return alterations(this.db, limit)
  }

  seal(query: SealQuery): Sealing {
    // What the call before has freed; first, so that a disk without room for it lets nothing be half done.
    this.db.shrink()
    return this.write('volatile', () => seal(this.db, query))
  }

  stop(destination: string, stopped: Stop | undefined): void {
    this.write('volatile', () => stop(this.db, destination, stopped))
  }

  ask(kind: string, body: string, by: string, now: number): number {
    const what = { kind, body, by, at: now }
    if (this.#writer !== undefined) return this.write('durable', () => ask(this.db, what))
    // Open only for this one commit, so that a command never stands in the forwarder's way.
    const writer = new Connection(this.db.path, { readOnly: false })
    try {
      return writer.transaction('durable', () => ask(writer, what))
    } finally {
      writer.close()
    }
  }

  asked(): readonly Request[] {
    return asked(this.db)
  }

  report(id: number, progress: string): void {
    this.write('volatile', () => report(this.db, id, progress))
  }

  answer(id: number, text: string): void {
    this.write('durable', () => answer(this.db, id, text))
  }

  request(id: number): Request | undefined {
    return request(this.db, id)
  }

  forgetAnswered(before: number, limit: number): number {
    return this.write('volatile', () => forgetAnswered(this.db, before, limit))
  }

  close(): void {
    const { lock, steps } = this.#writer ?? {}
    if (steps !== undefined && this.db.isOpen) renewCopies(this.db, newest(steps), steps)
    this.db.close()
    lock?.release()
  }
}
