// Who watches. Once a minute it looks at what the ledger knows and at what the receivers and lanes have said since, and
// writes into the book what is lacking. Two sorts of gaps are kept apart. What lasts is seen anew at every look: it is
// reported as long as it is seen and healed when it is not. What happened once is reported once, and stays until somebody
// answers for it or the missing arrives. Symptoms of one cause make one gap: what a source that cannot be reached explains
// is nobody else's fault.
import type { Clock } from '../domain/clock.ts'
import type { AuditEvent } from '../domain/event.ts'
import { type Gap, gapState, type ImportSymptom, isSameCause, type Lack, type Symptom } from '../domain/gaps.ts'
import type { Account } from '../ledger/accounts.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { OwnEntry } from '../ledger/own.ts'
import type { TelemetryEvent, Tell } from '../telemetry/events.ts'
import { Announcements } from './announcements.ts'
import { Book } from './book.ts'
import { Deliveries } from './deliveries.ts'
import { causeNamed, isBlindness, subjectOf, whyOvertaken } from './expiring.ts'
import { isCovered, missing, whyClosed } from './imported.ts'
import { healed, lasting, said } from './kinds.ts'
import { altered, type Incident, lost } from './losses.ts'
import { nobody, quarantineLacks } from './quarantined.ts'
import type { StreamSettings, WatchSettings } from './settings.ts'
import { Sources } from './sources.ts'
import { sweptTo } from './swept.ts'
import { View } from './view.ts'

/** Symptoms and alterations taken at one look. */
const TAKEN = 1_000
/** The store lists an object a little late, in milliseconds. */
const MARGIN_MS = 5 * 60_000

/** After so long, whatever is the matter was said, in milliseconds. */
const KNOWN_MS = 30 * 60_000

export interface WatchParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly tell: Tell
  readonly settings: WatchSettings
  /** There are new own records. */
  readonly wake: () => void
}

export class Watch {
  readonly #parts: WatchParts
  readonly #book: Book
  readonly #view: View
  readonly #sources: Sources
  readonly #announcements: Announcements
  readonly #deliveries = new Deliveries()
  readonly #begun: number
  /** How long buckets keep objects by their own rules, in milliseconds. */
  readonly #kept = new Map<string, number>()
  /** Receivers whose buckets cannot be listed or read. */
  #blind: ReadonlySet<string | undefined> = new Set()
  #altered: number | undefined

  constructor(parts: WatchParts) {
    const { ledger, clock, tell, settings } = parts
    const now = (): number => clock.now()
    this.#parts = parts
    this.#begun = clock.now()
    this.#book = new Book(parts)
    this.#sources = new Sources(now)
    this.#announcements = new Announcements(now)
    this.#view = new View({ ledger, tell, streams: settings.streams })
    const behind = this.#book.open.filter(({ kind }) => kind === 'delivery_behind')
    this.#deliveries.knowing(behind.map(({ subject }) => subject))
  }

  /** What the program says of itself, for what it says of others. Never throws. */
  hear(event: TelemetryEvent): void {
    this.#sources.hear(event)
    this.#announcements.hear(event)
  }

  /** Who wants to know of each event of a receiver, and when it occurred (milliseconds since 1970); undefined: nobody. */
  noticed(receiver: string): ((event: AuditEvent, at: number) => void) | undefined {
    return this.#view.expected.get(receiver)?.noticed
  }

  /** Streams of which it is to be listed when objects came, and from when on (milliseconds since 1970). */
  get wanted(): readonly { readonly receiver: string; readonly from: number }[] {
    return [...this.#view.streams.values()].flatMap(({ receiver, wantedFrom }) => {
      return wantedFrom === undefined ? [] : [{ receiver, from: wantedFrom }]
    })
  }

  /** What was wanted is listed. @param arrivals minutes since 1970 */
  learned(receiver: string, from: number, arrivals: readonly number[]): void {
    this.#view.streams.get(receiver)?.learned(from, arrivals)
  }

  /** How long a receiver's bucket keeps objects by its own rules, in milliseconds, for where nobody said it. */
  keeps(receiver: string, retentionMs: number): void {
    this.#kept.set(receiver, retentionMs)
  }

  /** What the ledger knows of the streams can be shown from now on. Judges nothing, and tells of no gap. */
  readonly see = (): void => this.#view.see()

  /** One look at everything. */
  look(): void {
    for (const stream of this.#view.streams.values()) stream.look(this.#book)
    this.#facts()
    for (const stream of this.#view.streams.values()) stream.heal(this.#book)
    this.#settle(this.#lacks())
    for (const lack of this.#announcements.mentions()) this.#mention(lack)
    for (const expected of this.#view.expected.values()) expected.keep()
    this.#book.remind()
    this.#book.forget()
  }

  find(id: string): Gap | undefined {
    return this.#book.find(id)
  }

  /** How many gaps are open that nobody has acknowledged. */
  get openGaps(): number {
    return this.#book.open.filter((gap) => gapState(gap) === 'open').length
  }

  /**
   * Somebody answers for a gap. `more` is written with it. Undefined if there is no such gap, or it is over.
   */
  acknowledge(id: string, by: string, note: string, more: readonly OwnEntry[]): Gap | undefined {
    const gap = this.#book.find(id)
    if (gap === undefined || gap.closed !== undefined) return undefined
    const lasts = lasting.has(gap.kind) || gap.to === undefined
    return this.#book.acknowledge(gap, { by, at: this.#parts.clock.now(), note }, lasts, more)
  }

  /** What can be said of the streams, as of the last look. */
  get view(): Pick<View, 'hour' | 'floors'> {
    return this.#view
  }

  /** Everything that lasts and is lacking now. */
  #lacks(): readonly Lack[] {
    const { ledger, clock, settings } = this.#parts
    const sources = this.#sources.lacks((receiver) => sweptTo(ledger, receiver))
    this.#blind = new Set(sources.filter(isBlindness).map(({ receiver }) => receiver))
    const expiring = this.#book.open.filter(({ kind }) => kind === 'buffer_expiring')
    const limits = {
      allowedLagMs: settings.allowedLagMs,
      retentionMs: (receiver: string) => this.#settings(receiver)?.retentionMs ?? this.#kept.get(receiver),
      isExplained: this.#isExplained,
      expiring,
      unsure: expiring.filter((gap) => !this.#isKnown(gap)),
    }
    const deliveries = this.#deliveries.lacks(ledger.accounts(), limits, clock.now())
    const expected = [...this.#view.expected].flatMap(([receiver, one]) => {
      const readTo = this.#readTo(receiver)
      return readTo === undefined ? [] : one.lacks(readTo)
    })
    return [...sources, ...this.#announcements.lacks(), ...deliveries, ...quarantineLacks(ledger.watch), ...expected]
  }

  /** Everything of a receiver up to here was listed and read. */
  #readTo(receiver: string): number | undefined {
    const { ledger } = this.#parts
    const swept = sweptTo(ledger, receiver)
    if (swept === undefined) return undefined
    return Math.min(swept - MARGIN_MS, ledger.watch.unread(receiver) ?? Number.POSITIVE_INFINITY)
  }

  /** Reports what is lacking, and heals what is not any more. */
  #settle(lacks: readonly Lack[]): void {
    for (const lack of lacks)
      this.#book.report(lack.kind === 'buffer_expiring' ? causeNamed(lack, this.#book.open) : lack)
    for (const gap of this.#book.open) {
      if (!this.#isKnown(gap)) continue
      if (lasting.has(gap.kind) && !lacks.some((lack) => isSameCause(lack, gap)))
        this.#book.heal(gap, this.#overtaken(gap) ?? healed[gap.kind] ?? 'it is gone')
    }
  }

  /** Another gap says why an object waits. */
  readonly #isExplained = ({ receiver, oldest }: Pick<Account, 'receiver' | 'oldest'>): boolean =>
    this.#blind.has(receiver) || this.#sources.isUnread(oldest?.key ?? '')

  #overtaken(gap: Gap): string | undefined {
    const { ledger } = this.#parts
    if (gap.kind !== 'delivery_behind') return undefined
    const account = ledger.accounts().find((one) => subjectOf(one) === gap.subject)
    const isExplained = account?.oldest !== undefined && this.#isExplained(account)
    return whyOvertaken(gap, this.#book.open, isExplained)
  }

  /** What receivers and lanes say is not known in the first minutes of a process: silence is no good news. */
  #isKnown({ kind, subject, receiver }: Gap): boolean {
    if (!said.has(kind) || subject === nobody) return true
    const { ledger, clock } = this.#parts
    const uptime = clock.now() - this.#begun
    if (uptime >= KNOWN_MS || uptime < 0 || this.#sources.isWell(subject)) return true
    const mine = ledger.accounts().filter((account) => account.receiver === receiver)
    return kind !== 'source_unreachable' && receiver !== undefined && mine.every(({ outstanding }) => outstanding === 0)
  }

  #mention(lack: Lack): void {
    const known = this.#book.latest(TAKEN).find((gap) => isSameCause(gap, lack))
    if (JSON.stringify(known?.facts) === JSON.stringify(lack.facts)) return
    this.#book.mention(lack, 'the sweep found them')
  }

  /** What happened once: noted where it happened, made gaps of here, in one transaction. */
  #facts(): void {
    const { ledger } = this.#parts
    const noted = ledger.watch.noted(TAKEN)
    const last = noted[noted.length - 1]
    if (last !== undefined) {
      ledger.together(() => {
        for (const { symptom } of noted) this.#take(symptom)
        ledger.watch.taken(last.id)
      })
    }
    this.#alterations()
  }

  #take(symptom: Symptom): void {
    if (symptom.what === 'lost') this.#add(lost(symptom, this.#book.open, this.#parts.clock.now()))
    else this.#compared(symptom)
  }

  /** What a file from CircleCI proves. */
  #compared(symptom: ImportSymptom): void {
    const covered = this.#book.open.filter((gap) => isCovered(gap, symptom))
    for (const gap of covered) {
      const why = whyClosed(gap, symptom)
      if (why !== undefined) this.#book.heal(gap, why)
    }
    const lack = missing(symptom, covered)
    if (lack === undefined) this.#brought(symptom)
    else {
      const gap = this.#book.report(lack)
      if (symptom.forwarded) this.#book.heal(gap, `imported from ${symptom.name}`)
    }
  }

  /** A file that lacks nothing, or was forwarded: what an earlier look at it had opened is over. */
  #brought({ receiver, from, to, forwarded, name }: ImportSymptom): void {
    for (const gap of this.#book.open) {
      const isCovered = gap.from >= from && (gap.to ?? gap.from) <= to
      if (forwarded && gap.kind === 'events_missing' && gap.receiver === receiver && isCovered)
        this.#book.heal(gap, `the stream has everything of ${name} now`)
    }
  }

  #add({ lack, before }: Incident): void {
    if (before === undefined) this.#book.add(lack)
    else this.#book.update(before, lack, true)
  }

  /** Alterations are in the ledger for good; how many of them are in the book is remembered. */
  #alterations(): void {
    const { ledger, clock } = this.#parts
    const { altered: total } = ledger.totals()
    this.#altered ??= Number(ledger.watch.memory('alterations') ?? 0)
    if (total === this.#altered) return
    const known = this.#altered
    const all = [...ledger.alterations({ limit: total })].sort((a, b) => a.at - b.at)
    ledger.together(() => {
      for (const one of all.slice(known - total)) {
        const receiver = this.#receiverOf(one.object.store)
        if (receiver !== undefined) this.#add(altered(one, receiver, this.#book.open, clock.now()))
      }
      ledger.watch.remember('alterations', String(total))
    })
    this.#altered = total
  }

  #receiverOf(store: string): string | undefined {
    return this.#parts.settings.streams.find((one) => one.store === store)?.receiver
  }

  #settings(receiver: string): StreamSettings | undefined {
    return this.#parts.settings.streams.find((one) => one.receiver === receiver)
  }
}
