// One receiver's stream: when objects came, the rhythm that was learned from it, and what of it is missing. Everything is
// asked of the ledger again after a restart. Judged is only what was listed: up to shortly before the start of the last
// sweep that listed everything, so that what nobody could see, and our own downtime, is nobody's silence.

import type { Gap } from '../domain/gaps.ts'
import { detectionFloor, hourState } from '../domain/gaps-hours.ts'
import { HINDSIGHT } from '../domain/gaps-silence.ts'
import { type Hole, holes, isSameIncident, type Limits } from '../domain/gaps-stream.ts'
import { learn, MOST_HISTORY, type Rhythm } from '../domain/rhythm.ts'
import { DAY, HOUR, HOURS_OF_WEEK, MINUTE_MS, modulo, type Span, union } from '../domain/rhythm-curve.ts'
import type { Past } from '../domain/rhythm-level.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Book } from './book.ts'
import type { StreamExpectations } from './settings.ts'
import { silenceLack } from './silence-lack.ts'
import { sweptTo } from './swept.ts'

/** A store may list an object a little late, in minutes. */
const MARGIN = 5
/** Objects may arrive late by so much and be noticed before the next learning, in minutes. */
const RECENT = 3 * DAY
/** A silence that was found before is looked for again for so long, in minutes: a rhythm learned anew tells it at another time. */
const OVERLAP = DAY
/** Gaps of the past that are known. */
const KNOWN = 500

/** What is remembered of a stream, in minutes since 1970. */
interface Memory {
  /** From when on it is known when objects came. */
  readonly historyFrom?: number | undefined
  readonly judgedTo?: number | undefined
}

/** What can be said of an hour: what it ordinarily brings, and whether its loss would have been told. */
export interface HourSaid {
  readonly state: 'open' | 'proven' | 'suspect' | 'unprovable'
  readonly expected: number | undefined
}

export interface StreamParts {
  readonly ledger: Ledger
  readonly settings: StreamExpectations
  readonly tell: Tell
}

export class Stream {
  readonly #parts: StreamParts
  readonly #limits: Limits
  readonly #quiet: readonly Span[]
  #arrivals: readonly number[] = []
  #from = 0
  /** Up to where everything is known. */
  #horizon = Number.NEGATIVE_INFINITY
  #rhythm: Rhythm | undefined
  #learnedAt = Number.NEGATIVE_INFINITY
  #gaps: readonly Gap[] = []
  #floors: readonly (number | undefined)[] | undefined

  constructor(parts: StreamParts) {
    const { floorMs, ceilingMs, quiet } = parts.settings
    this.#parts = parts
    this.#limits = { floor: minutes(floorMs), ceiling: ceilingMs === undefined ? undefined : minutes(ceilingMs) }
    this.#quiet = union(quiet.map(({ from, to }): Span => [minutes(from), minutes(to)]))
  }

  get receiver(): string {
    return this.#parts.settings.receiver
  }

  /** From when on it is to be listed when objects came, in milliseconds since 1970; undefined where that is known. */
  get wantedFrom(): number | undefined {
    const { ledger } = this.#parts
    const swept = sweptTo(ledger, this.receiver)
    if (swept === undefined || this.#memory.historyFrom !== undefined) return undefined
    return swept - MOST_HISTORY * MINUTE_MS
  }

  /** All objects from then on were listed, and these minutes are when they came. */
  learned(from: number, arrivals: readonly number[]): void {
    const { ledger } = this.#parts
    ledger.together(() => {
      ledger.watch.learn(this.receiver, arrivals)
      this.#remember({ ...this.#memory, historyFrom: minutes(from) })
    })
    this.#learnedAt = Number.NEGATIVE_INFINITY
  }

  /** Looks at what has come since the last time, and puts what is missing into the book. */
  look(book: Book): void {
    if (!this.see()) return
    this.#follow(book)
    this.#judge(book)
  }

  /** Looks at what has come since the last time, and writes nothing. False if nothing was ever listed. */
  see(): boolean {
    const { ledger } = this.#parts
    const swept = sweptTo(ledger, this.receiver)
    if (swept === undefined) return false
    this.#horizon = minutes(swept) - MARGIN
    const gaps = ledger.watch.gaps({ closed: KNOWN })
    this.#gaps = gaps.filter((gap) => isSilence(gap) && gap.receiver === this.receiver)
    this.#refresh()
    return true
  }

  /** What this hour (milliseconds since 1970) ordinarily brings, and whether its loss would have been told. */
  hour(at: number): HourSaid {
    const hour = minutes(at)
    const usual = this.#rhythm?.week.usual[modulo(hour / HOUR, HOURS_OF_WEEK)]
    if (hour + HOUR > this.#horizon) return { state: 'open', expected: usual }
    const isLacking = this.#gaps.some(
      (gap) => !isHealed(gap) && at < (gap.to ?? Number.POSITIVE_INFINITY) && at + HOUR * MINUTE_MS > gap.from,
    )
    if (isLacking) return { state: 'suspect', expected: usual }
    const state = hourState(this.#rhythm, this.#past(), hour, this.#horizon, this.#limits)
    return { state: state === 'missing' ? 'suspect' : state, expected: usual }
  }

  /** The shortest silence that is told, in minutes, by hour of the week from Monday, 00:00 UTC. */
  get floors(): readonly (number | undefined)[] {
    const rhythm = this.#rhythm
    if (rhythm === undefined) return []
    // 1970 began on a Thursday: Monday is four days on.
    this.#floors ??= Array.from({ length: HOURS_OF_WEEK }, (_, hour) => {
      return detectionFloor(rhythm, hour + 4 * 24, this.#limits)
    })
    return this.#floors
  }

  #refresh(): void {
    const { ledger, tell } = this.#parts
    const isDue = this.#horizon - this.#learnedAt >= DAY || this.#horizon < this.#learnedAt
    if (!isDue) {
      const recent = ledger.watch.arrivals(this.receiver, this.#horizon - RECENT, this.#horizon)
      this.#arrivals = [...this.#arrivals.filter((minute) => minute < this.#horizon - RECENT), ...recent]
      return
    }
    this.#from = Math.max(this.#memory.historyFrom ?? this.#firstStart(), this.#horizon - MOST_HISTORY)
    this.#arrivals = ledger.watch.arrivals(this.receiver, this.#from, this.#horizon)
    // A bucket that is younger than what was listed has no history before its first object.
    this.#from = Math.max(this.#from, this.#arrivals[0] ?? this.#from)
    this.#learnedAt = this.#horizon
    this.#floors = undefined
    const past = this.#past()
    this.#rhythm = learn({ ...past, to: this.#horizon })
    const weeks = (this.#horizon - this.#from) / (7 * DAY)
    const judged = this.#rhythm !== undefined
    tell({ type: 'rhythm_learned', receiver: this.receiver, weeks, arrivals: this.#arrivals.length, judged })
  }

  /** Where the first destination begins. */
  #firstStart(): number {
    const mine = this.#parts.ledger.routes().filter((route) => route.receiver === this.receiver)
    return mine.length === 0 ? this.#horizon : minutes(Math.min(...mine.map(({ startAt }) => startAt)))
  }

  /** What was observed. Freezes, and silences that are known and over, are not. */
  #past(except?: Gap, more: readonly number[] = []): Past {
    const known = this.#gaps.filter((gap) => gap.id !== except?.id && gap.to !== undefined && !isHealed(gap))
    const lacking = known.map(({ from, to }): Span => [minutes(from) + 1, minutes(to ?? from)])
    const arrivals = more.length === 0 ? this.#arrivals : merged(this.#arrivals, more)
    return { from: this.#from, arrivals, unseen: union([...this.#quiet, ...lacking]) }
  }

  /**
   * Ends silences whose events are here after all. After whoever can say more about it: which file brought them.
   */
  heal(book: Book): void {
    if (this.#horizon === Number.NEGATIVE_INFINITY) return
    for (const gap of book.open)
      if (isSilence(gap) && gap.receiver === this.receiver && gap.to !== undefined) this.#healed(gap, gap.to, book)
  }

  /** What became of the silences that were going on. */
  #follow(book: Book): void {
    for (const gap of this.#gaps) if (gap.closed === undefined && gap.to === undefined) this.#resumed(gap, book)
  }

  #resumed(gap: Gap, book: Book): void {
    const last = Number(gap.facts['silent_from'])
    const next = this.#arrivals.find((minute) => minute > last)
    if (next === undefined) return
    if (gap.acknowledged !== undefined) {
      book.heal(gap, 'the stream goes on')
      return
    }
    const from = minutes(gap.from)
    const hole = this.#holes(this.#past(gap), [last, next + 1]).find((one) => one.from === last)
    const lack = silenceLack(
      this.receiver,
      { ...(hole ?? { toldAt: next, silence: undefined }), from, to: next },
      next,
      this.#limits.ceiling,
    )
    const evidence = hole === undefined ? gap.evidence : lack.evidence
    book.update(gap, {
      ...gap,
      to: lack.to,
      evidence,
      next: lack.next,
      facts: { ...gap.facts, ...lack.facts, silent_from: last },
    })
  }

  /** A silence is over in truth when what happened meanwhile is here after all. */
  #healed(gap: Gap, to: number, book: Book): void {
    const span: Span = [minutes(gap.from), minutes(to) + HINDSIGHT + 1]
    const isFilled = (more: readonly number[]): boolean => {
      const inside = [...this.#arrivals, ...more].some((minute) => minute > span[0] && minute < minutes(to))
      return inside && !this.#holes(this.#past(gap, more), span).some((hole) => hole.from < minutes(to))
    }
    if (isFilled([])) {
      book.heal(gap, 'objects of that time arrived late')
      return
    }
    const events = this.#parts.ledger.watch.eventMinutes(this.receiver, span[0] + 1, minutes(to))
    if (events.length > 0 && isFilled(events)) book.heal(gap, 'events of that time arrived with later objects or files')
  }

  #judge(book: Book): void {
    const judgedTo = this.#memory.judgedTo ?? Math.max(this.#firstStart(), this.#horizon - MOST_HISTORY)
    if (this.#horizon <= judgedTo) return
    for (const hole of this.#holes(this.#past(), [Math.max(this.#from, judgedTo - OVERLAP), this.#horizon])) {
      if (hole.toldAt >= this.#begin(judgedTo)) this.#tell(hole, book)
    }
    this.#remember({ ...this.#memory, judgedTo: this.#horizon })
  }

  /** Nothing before the first start is judged. */
  #begin(judgedTo: number): number {
    return this.#memory.judgedTo === undefined ? judgedTo : this.#firstStart()
  }

  #tell(hole: Hole, book: Book): void {
    const until = hole.to ?? this.#horizon
    const isKnown = this.#gaps.some((gap) => minutes(gap.from) < until && minutes(gap.to ?? gap.from) > hole.from - 1)
    const isGoingOn = this.#gaps.some((gap) => gap.to === undefined && gap.closed === undefined)
    if (isKnown || isGoingOn) return
    const lack = silenceLack(this.receiver, hole, this.#horizon, this.#limits.ceiling)
    const before = this.#gaps.find(
      (gap) => gap.closed === undefined && gap.to !== undefined && isSameIncident({ to: minutes(gap.to) }, hole),
    )
    const told =
      before === undefined ? book.add(lack) : book.update(before, { ...lack, kind: before.kind, from: before.from })
    this.#gaps = [told, ...this.#gaps.filter(({ id }) => id !== told.id)]
  }

  #holes(past: Past, span: Span): readonly Hole[] {
    return holes(this.#rhythm, past, span, this.#limits)
  }

  get #memory(): Memory {
    const text = this.#parts.ledger.watch.memory(`stream ${this.receiver}`)
    return text === undefined ? {} : (JSON.parse(text) as Memory)
  }

  #remember(memory: Memory): void {
    this.#parts.ledger.watch.remember(`stream ${this.receiver}`, JSON.stringify(memory))
  }
}

function isSilence({ kind }: Gap): boolean {
  return kind === 'stream_silent' || kind === 'hour_missing'
}

function isHealed({ closed, acknowledged }: Gap): boolean {
  return closed !== undefined && acknowledged === undefined
}

function minutes(ms: number): number {
  return Math.floor(ms / MINUTE_MS)
}

function merged(a: readonly number[], b: readonly number[]): number[] {
  return [...new Set([...a, ...b])].sort((x, y) => x - y)
}
