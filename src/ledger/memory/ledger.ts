// The reference: what every promise of the interface means, with nothing done for speed, and a power cut on demand.
import { createHash } from 'node:crypto'
import type { AuditObject, Discovery, Sighting } from '../../domain/objects.ts'
import type { Ranges } from '../../domain/ranges.ts'
import type { Account, Stop, Watermark } from '../accounts.ts'
import type { Alteration } from '../alterations.ts'
import type { BelongingLedger } from '../belongings.ts'
import type { Route, Seen } from '../discovery.ts'
import type { Copy, Decision, Position, Pruned, Undecided } from '../duplicates.ts'
import type { Holdings } from '../holdings.ts'
import type { HourCount } from '../hours.ts'
import type { ImportLedger } from '../imports.ts'
import type { Attempt, Draft, Intent, Resolution, Resolved } from '../intents.ts'
import type { Ledger } from '../ledger.ts'
import type { Retired } from '../names.ts'
import type { DueQuery, Row, Settlement } from '../progress.ts'
import type { QuarantineEntry, QuarantineQuery } from '../quarantine.ts'
import type { KeptRecord, Refill, Refilled, Repair, Replay, UnderWay, WithheldQuery } from '../repairs.ts'
import { defaultQuarantineBytes } from '../rules.ts'
import type { Sealing, SealQuery } from '../seals.ts'
import type { LedgerTotals } from '../totals.ts'
import type { WatchLedger } from '../watch.ts'
import { accounts, advance, retired, stop } from './accounts.ts'
import { alterations, note } from './alterations.ts'
import { MemoryBelongings } from './belongings.ts'
import { enrol, see } from './discovery.ts'
import { adopted, decide, judge } from './duplicates.ts'
import { hours } from './hours.ts'
import { MemoryImports } from './imports.ts'
import { attempted, intend, intents, provisional, resolve, revoke } from './intents.ts'
import { due, lose, nextDue, postpone, row, settle } from './progress.ts'
import { prune } from './pruning.ts'
import { charged, entry, keep, quarantine } from './quarantine.ts'
import { refill, survey } from './refill.ts'
import { rename } from './rename.ts'
import * as repairs from './repairs.ts'
import { Requesting } from './requesting.ts'
import { seal } from './seals.ts'
import { State } from './state.ts'
import { MemoryWatch } from './watch.ts'

export class MemoryLedger extends Requesting implements Ledger {
  readonly imports: ImportLedger
  readonly belongings: BelongingLedger
  readonly watch: WatchLedger
  readonly #state: State
  readonly hours = (from: number): readonly HourCount[] => hours(this.#state, from)
  readonly holdings = (): Holdings => ({
    quarantine: { bytes: charged(this.#state), capacity: this.#state.maxQuarantineBytes },
    disk: undefined,
  })
  readonly failing = (): undefined => undefined

  constructor(options: { readonly maxQuarantineBytes?: number } = {}) {
    const state = new State(options.maxQuarantineBytes ?? defaultQuarantineBytes)
    super(state)
    this.#state = state
    this.imports = new MemoryImports(this.#state)
    this.belongings = new MemoryBelongings(this.#state)
    this.watch = new MemoryWatch(this.#state)
  }

  /** Commits that a power cut now could take back. */
  volatileCommits(): number {
    return this.#state.journal.volatileCommits
  }

  /** A power cut that leaves the first `keep` of the volatile commits, and the start after it. */
  crash(keep: number): void {
    this.#state.journal.crash(keep)
    this.reopen()
  }

  /** An ordinary stop and start: nothing is lost, but whatever was on its way may have arrived. */
  reopen(): void {
    this.#volatile(() => {
      for (const intent of this.#state.intents.values()) {
        if (!intent.ambiguous) this.#state.intents.set(intent.id, { ...intent, ambiguous: true })
      }
    })
  }

  enrol(routes: readonly Route[], now: number): void {
    this.#durable(() => enrol(this.#state, routes, now))
  }

  rename(from: string, to: string): void {
    this.#durable(() => rename(this.#state, from, to))
  }

  routes(): readonly Route[] {
    return this.#state.activeRoutes().map(({ destination, receiver, startAt }) => ({ destination, receiver, startAt }))
  }

  see(receiver: string, store: string, sightings: readonly Sighting[], _how: Discovery, now: number): Seen {
    return this.#durable(() => see(this.#state, receiver, store, sightings, now))
  }

  sweptTo(receiver: string): number | undefined {
    return this.#state.sweptTo.get(receiver)
  }

  swept(receiver: string, startedAt: number): void {
    this.#durable(() => this.#state.sweptTo.set(receiver, startedAt))
  }

  object(ref: number) {
    return this.#state.objects.get(ref)?.object
  }

  decide(chunk: Undecided, now: number): Decision {
    return this.#volatile(() => decide(this.#state, chunk, now))
  }

  judge(destination: string, object: number, copies: readonly Copy[]): readonly boolean[] {
    return this.#volatile(() => judge(this.#state, destination, object, copies))
  }

  adopted(destination: string, object: number): ReadonlySet<number> {
    return adopted(this.#state, destination, object)
  }

  prune(window: number, needed?: number, after?: number): Pruned {
    return this.#volatile(() => prune(this.#state, window, needed, after))
  }

  due(destination: string, query: DueQuery): readonly Row[] {
    return due(this.#state, destination, query)
  }

  row(destination: string, object: number): Row | undefined {
    return row(this.#state, destination, object)
  }

  nextDue(destination: string, except: ReadonlySet<number>): number | undefined {
    return nextDue(this.#state, destination, except)
  }

  settle(destination: string, settlements: readonly Settlement[]): void {
    this.#volatile(() => settle(this.#state, destination, settlements))
  }

  postpone(destination: string, object: number, dueAt: number, reason: string): void {
    this.#volatile(() => postpone(this.#state, destination, object, dueAt, reason))
  }

  lose(destination: string, object: number, reason: string, now: number): readonly number[] {
    return this.#durable(() => lose(this.#state, destination, object, reason, now))
  }

  intents(destination: string): readonly Intent[] {
    return intents(this.#state, destination)
  }

  intend(destination: string, drafts: readonly Draft[], now: number): readonly Intent[] {
    return this.#durable(() => intend(this.#state, destination, drafts, now))
  }

  attempted(intent: number, attempt: Attempt): Intent {
    return this.#volatile(() => attempted(this.#state, intent, attempt))
  }

  resolve(intent: number, resolution: Resolution, now: number): Resolved {
    const body = () => resolve(this.#state, intent, resolution, now)
    const promising = (resolution.drafts?.length ?? 0) + (resolution.refused?.length ?? 0) > 0
    return promising ? this.#durable(body) : this.#volatile(body)
  }

  provisional(destination: string) {
    return provisional(this.#state, destination)
  }

  revoke(destination: string, dueAt: number, only?: readonly Position[]): number {
    return this.#durable(() => revoke(this.#state, destination, dueAt, only))
  }

  advance(): readonly Watermark[] {
    return this.#durable(() => advance(this.#state))
  }

  accounts(): readonly Account[] {
    return accounts(this.#state)
  }

  retired(): readonly Retired[] {
    return retired(this.#state)
  }

  totals(): LedgerTotals {
    const [objects, altered] = [this.#state.count('seen'), this.#state.count('altered')]
    return { objects, events: this.#state.count('events'), bad: this.#state.count('bad'), altered }
  }

  altered(object: Alteration['object'], sha1: string, now: number): boolean {
    return this.#volatile(() => note(this.#state, object, 'content', sha1, now))
  }

  alterations({ limit }: { readonly limit: number }): readonly Alteration[] {
    return alterations(this.#state, limit)
  }

  seal(query: SealQuery): Sealing {
    return this.#volatile(() => seal(this.#state, query))
  }

  stop(destination: string, stopped: Stop | undefined): void {
    this.#volatile(() => stop(this.#state, destination, stopped))
  }

  quarantineMessage(receiver: string, body: string, reason: string, now: number): void {
    const bytes = new TextEncoder().encode(body)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const nowhere = { destination: undefined, object: undefined, from: 0, to: 0, offset: 0, line: 1 }
    const record = { receiver, reason, sha256, bytes, length: bytes.length, provisional: false, at: now }
    this.#durable(() => keep(this.#state, { ...nowhere, ...record }))
  }

  quarantine(query: QuarantineQuery): readonly QuarantineEntry[] {
    return quarantine(this.#state, query)
  }

  entry(id: number): QuarantineEntry | undefined {
    return entry(this.#state, id)
  }

  refill(receiver: string, store: string, sightings: readonly Sighting[], how: Refill, now: number) {
    return this.#durable(() => refill(this.#state, { receiver, store }, sightings, how, now))
  }

  survey(receiver: string, store: string, sightings: readonly Sighting[], how: Refill): Refilled {
    return survey(this.#state, { receiver, store }, sightings, how)
  }

  withholding(query: WithheldQuery): readonly AuditObject[] {
    return repairs.withholding(this.#state, query)
  }

  withheld(destination: string, object: number): Ranges {
    return repairs.withheld(this.#state, destination, object)
  }

  release(destination: string, positions: readonly Position[], repair: number, now: number): number {
    return this.#volatile(() => repairs.release(this.#state, destination, positions, repair, now))
  }

  replay(id: number, repair: number, now: number): Replay {
    return this.#volatile(() => repairs.replay(this.#state, id, repair, now))
  }

  underWay(repair: number, after: number, limit: number): readonly UnderWay[] {
    return repairs.underWay(this.#state, repair, after, limit)
  }

  kept(object: number): readonly KeptRecord[] {
    return repairs.kept(this.#state, object)
  }

  remark(id: number, reason: string): void {
    this.#volatile(() => repairs.remark(this.#state, id, reason))
  }

  understood(id: number): void {
    this.#volatile(() => repairs.understood(this.#state, id))
  }

  repair(id: number): Repair {
    return repairs.repairOf(this.#state, id)
  }

  close(): void {}

  #durable<T>(body: () => T): T {
    return this.#state.journal.commit('durable', body)
  }

  #volatile<T>(body: () => T): T {
    return this.#state.journal.commit('volatile', body)
  }
}
