// The book of gaps. Whoever finds something lacking says so here, as often as it is seen; the book opens a gap the first
// time, adds to it what is new, and closes it. What is written and what is told of it, to the destinations and in the
// log, is one transaction, so no gap is told of twice or never. A gap about a destination is not sent to it while it
// is open: that destination is what does not work; it is told the whole story when it does.
import type { Clock } from '../domain/clock.ts'
import { gapClosed, gapOpened } from '../domain/gap-records.ts'
import { type Acknowledgement, type Gap, gapId, gapState, isSameCause, type Lack } from '../domain/gaps.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { OwnEntry } from '../ledger/own.ts'
import type { Tell } from '../telemetry/events.ts'

/** An open gap is told of again after so long, in milliseconds. */
const REMIND_MS = 24 * 3_600_000
/** What only grows is written anew this often, in milliseconds. */
const UPDATE_MS = 600_000
/** Gaps that are over are kept for so long, in milliseconds. */
const KEEP_MS = 400 * 24 * 3_600_000

export interface BookParts {
  readonly ledger: Pick<Ledger, 'watch' | 'record' | 'together'>
  readonly clock: Clock
  readonly tell: Tell
  /** There are new own records. */
  readonly wake: () => void
}

export class Book {
  readonly #parts: BookParts

  constructor(parts: BookParts) {
    this.#parts = parts
  }

  /** Gaps that are not over. */
  get open(): readonly Gap[] {
    return this.#parts.ledger.watch.gaps({ closed: 0 })
  }

  /** Gaps that are not over, and the latest that are. */
  latest(closed: number): readonly Gap[] {
    return this.#parts.ledger.watch.gaps({ closed })
  }

  find(id: string): Gap | undefined {
    return this.#parts.ledger.watch.gap(id)
  }

  /** Opens a gap, or brings the open one of the same cause up to date. */
  report(lack: Lack): Gap {
    const before = this.open.find((gap) => isSameCause(gap, lack))
    return before === undefined ? this.add(lack) : this.update(before, { ...lack, from: before.from })
  }

  /** Opens a gap of its own, even where another of the same cause is open. */
  add(lack: Lack): Gap {
    const now = this.#parts.clock.now()
    const id = gapId(lack)
    const openings = (this.find(id)?.openings ?? 0) + 1
    const times = { openedAt: now, changedAt: now, toldAt: now }
    const opened = { ...lack, id, openings, ...times, acknowledged: undefined, closed: undefined }
    const gap: Gap = { ...opened, opening: gapOpened(opened) }
    this.#write(gap, opening(gap))
    this.#parts.tell({ type: 'gap_opened', ...told(gap) })
    return gap
  }

  /** A gap as it is now. What only grows is written from time to time; `exactly` writes it at once. */
  update(gap: Gap, lack: Lack, exactly = false): Gap {
    const now = this.#parts.clock.now()
    const isNews = lack.severity !== gap.severity || lack.to !== gap.to || lack.kind !== gap.kind
    const isMore = JSON.stringify(lack.facts) !== JSON.stringify(gap.facts)
    const isDue = exactly || now - gap.changedAt >= UPDATE_MS || now < gap.changedAt
    if (!isNews && !(isMore && isDue)) return gap
    const changed = { ...gap, ...lack, changedAt: now }
    this.#write(changed, [])
    return changed
  }

  /** Its cause is gone. */
  heal(gap: Gap, why: string): void {
    const at = this.#parts.clock.now()
    this.#close({ ...gap, to: gap.to ?? at, closed: { at, why } })
  }

  /** Keeps something that was over as soon as it was known: it is shown and told to nobody. */
  mention(lack: Lack, why: string): void {
    const now = this.#parts.clock.now()
    const id = gapId(lack)
    const openedAt = this.find(id)?.openedAt ?? now
    const times = { openedAt, changedAt: now, toldAt: now }
    const closed = { at: now, why }
    this.#write({ ...lack, id, openings: 1, ...times, opening: undefined, acknowledged: undefined, closed }, [])
  }

  /** Somebody answers for it. `lasts` says whether its cause does: then it is over when the cause is. */
  acknowledge(gap: Gap, acknowledged: Acknowledgement, lasts: boolean, more: readonly OwnEntry[]): Gap {
    const at = this.#parts.clock.now()
    const why = `acknowledged by ${acknowledged.by}: ${acknowledged.note}`
    const changed: Gap = { ...gap, changedAt: at, acknowledged, ...(lasts ? {} : { closed: { at, why } }) }
    this.#write(changed, [...more, ...closing(changed)])
    this.#parts.tell({ type: 'gap_acknowledged', ...told(changed), by: acknowledged.by, note: acknowledged.note })
    return changed
  }

  /** Tells again of what is open for long. */
  remind(): void {
    const now = this.#parts.clock.now()
    for (const gap of this.open) {
      const isTold = now >= gap.toldAt && now - gap.toldAt < REMIND_MS
      if (gapState(gap) !== 'open' || isTold) continue
      this.#write({ ...gap, toldAt: now }, [])
      this.#parts.tell({ type: 'gap_reminded', ...told(gap), openMs: Math.max(0, now - gap.openedAt) })
    }
  }

  forget(): void {
    const { ledger, clock } = this.#parts
    ledger.watch.forgetGaps(clock.now() - KEEP_MS)
  }

  #close(gap: Gap): void {
    this.#write(gap, closing(gap))
    this.#parts.tell({ type: 'gap_closed', ...told(gap), why: gap.closed?.why ?? '', state: gapState(gap) })
  }

  #write(gap: Gap, entries: readonly OwnEntry[]): void {
    const { ledger, clock, wake } = this.#parts
    ledger.together(() => {
      ledger.watch.keep(gap)
      if (entries.length > 0) ledger.record(entries, clock.now())
    })
    if (entries.length > 0) wake()
  }
}

/** Told to everybody but the destination that it is about. */
function opening(gap: Gap): readonly OwnEntry[] {
  return gap.opening === undefined ? [] : [{ record: gap.opening, except: aboutWhom(gap) }]
}

/** A destination that was not told is told all of it now. */
function closing(gap: Gap): readonly OwnEntry[] {
  const record = gapClosed(gap)
  if (record === undefined) return []
  const { opening } = gap
  const late = aboutWhom(gap)
  return [...(opening !== undefined && late.length > 0 ? [{ record: opening, only: late }] : []), { record }]
}

function aboutWhom({ destination }: Gap): readonly string[] {
  return destination === undefined ? [] : [destination]
}

function told({ id, kind, subject, severity, evidence, next }: Gap) {
  return { gap: id, kind, subject, severity, evidence, next }
}
