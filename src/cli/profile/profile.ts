// The arithmetic of `profile`: objects and events go in, a document comes out. Reads no clock and no store, keeps no
// event; everything it holds is bounded, and says where a bound was met.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { foldAction } from '../../domain/action.ts'
import type { DecodedItem } from '../../domain/event.ts'
import { objectTime, type Sighting } from '../../domain/objects.ts'
import { actionLevels } from '../../mapping/actions.ts'
import { eventId, eventTime } from '../../mapping/identity.ts'
import { parseJson } from '../../receiver/decode/parse.ts'
import { UnknownFields } from './fields.ts'
import { emptyHours, type Hours } from './hours.ts'
import { keySpelling } from './layout.ts'
import { type Shape, ShapeOf } from './shape.ts'
import type { Scale } from './sizes.ts'
import { type Quantiles, Spread } from './spread.ts'
import { Tally, type Volume, Volumes } from './tally.ts'

export interface ProfileDocument {
  readonly store: string
  readonly from: string
  readonly to: string
  readonly objects: ObjectsFound
  /** How keys are spelled, and some of those in no layout of CircleCI's. */
  readonly keys: { readonly spellings: Readonly<Record<string, number>>; readonly foreign: readonly string[] }
  readonly formats: Readonly<Record<string, number>>
  readonly events: number
  readonly bad: { readonly lines: number; readonly reasons: Readonly<Record<string, number>> }
  /** Events whose id was seen before; `complete` is false when there were more ids than were kept. */
  readonly duplicates: { readonly copies: number; readonly complete: boolean }
  /** Bytes of the events' own text. */
  readonly days: Readonly<Record<string, Volume>>
  readonly actions: Readonly<Record<string, Volume>>
  /** Encoded bytes by destination type and day, before compression. */
  readonly destinations: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Object time minus event time, in seconds; null when no event says when it happened. */
  readonly latenessSeconds: Quantiles | null
  readonly severities: Readonly<Record<string, number>>
  readonly unknownActions: Readonly<Record<string, number>>
  readonly unknownFields: Readonly<Record<string, number>>
  readonly hours: Hours
}

export interface ObjectsFound {
  readonly listed: number
  readonly read: number
  /** True when more were listed than were to be read: then volumes are of those read, newest first. */
  readonly truncated: boolean
  readonly storedBytes: number
  readonly bytes: number
  readonly unreadable: Readonly<Record<string, number>>
}

export interface ProfileScope {
  readonly store: string
  readonly from: number
  readonly to: number
}

const known = new Set(Object.keys(actionLevels).map(foldAction))
const mostIds = 2_000_000
const mostExamples = 5

export class Profile {
  readonly #scope: ProfileScope
  readonly #scales: readonly Scale[]
  readonly #spellings = new Tally(10)
  readonly #foreign: string[] = []
  readonly #formats = new Tally(20)
  readonly #unreadable = new Tally(20)
  readonly #reasons = new Tally(20)
  readonly #days = new Volumes()
  readonly #actions = new Volumes()
  readonly #sizes: ReadonlyMap<string, Tally>
  readonly #lateness = new Spread()
  readonly #severities = new Tally(10)
  readonly #unknownActions = new Tally(200)
  readonly #unknownFields = new UnknownFields()
  readonly #shape = new ShapeOf()
  readonly #ids = new Set<string>()
  readonly #hoursSeen = new Set<number>()
  #listed = 0
  #read = 0
  #storedBytes = 0
  #bytes = 0
  #events = 0
  #badLines = 0
  #copies = 0

  constructor(scope: ProfileScope, scales: readonly Scale[]) {
    this.#scope = scope
    this.#scales = scales
    this.#sizes = new Map(scales.map(({ type }) => [type, new Tally()]))
  }

  /** A key of the store, in the range or not. */
  key(object: Sighting): void {
    const spelling = keySpelling(object)
    this.#spellings.add(spelling)
    if (spelling === 'foreign' && this.#foreign.length < mostExamples) this.#foreign.push(object.key)
  }

  /** An object of the range, whether it will be read or not. */
  listed(object: Sighting): void {
    this.#listed += 1
    this.#hoursSeen.add(Math.floor(objectTime(object) / 3_600_000))
  }

  /** An object was read to its end. */
  read(object: Sighting, format: string, bytes: number): void {
    this.#read += 1
    this.#formats.add(format)
    this.#storedBytes += object.size
    this.#bytes += bytes
  }

  unreadable(reason: string): void {
    this.#unreadable.add(reason)
  }

  bad(reason: string): void {
    this.#badLines += 1
    this.#reasons.add(reason)
  }

  event(item: DecodedItem, object: Sighting, record: LogRecord): void {
    const { event } = item
    if (event === undefined) return
    this.#events += 1
    const time = objectTime(object)
    const day = new Date(time).toISOString().slice(0, 10)
    const bytes = Buffer.byteLength(item.text)
    const action = typeof event.action === 'string' ? event.action : '(none)'
    this.#days.add(day, bytes)
    this.#actions.add(action, bytes)
    if (!known.has(foldAction(action))) this.#unknownActions.add(action)
    this.#severities.add(record.severityText ?? 'none')
    this.#unknownFields.add(event)
    this.#late(time, eventTime(item, Number.NaN))
    this.#count(eventId(item))
    this.#shape.add(raw(item))
    for (const scale of this.#scales) this.#sizes.get(scale.type)?.add(day, scale.weigh(record))
  }

  document(): ProfileDocument {
    const { store, from, to } = this.#scope
    return {
      store,
      from: new Date(from).toISOString(),
      to: new Date(to).toISOString(),
      objects: {
        listed: this.#listed,
        read: this.#read,
        truncated: this.#listed > this.#read + total(this.#unreadable.counts()),
        storedBytes: this.#storedBytes,
        bytes: this.#bytes,
        unreadable: this.#unreadable.counts(),
      },
      keys: { spellings: this.#spellings.counts(), foreign: this.#foreign },
      formats: this.#formats.counts(),
      events: this.#events,
      bad: { lines: this.#badLines, reasons: this.#reasons.counts() },
      duplicates: { copies: this.#copies, complete: this.#ids.size < mostIds },
      days: this.#days.volumes(),
      actions: this.#actions.volumes(),
      destinations: Object.fromEntries([...this.#sizes].map(([type, sizes]) => [type, sizes.counts()])),
      latenessSeconds: this.#lateness.quantiles() ?? null,
      severities: this.#severities.counts(),
      unknownActions: this.#unknownActions.counts(),
      unknownFields: this.#unknownFields.counts(),
      hours: emptyHours(this.#hoursSeen, from, to),
    }
  }

  /** Names and types only; nothing of `document()` is in it. */
  shape(): { readonly events: number; readonly formats: Readonly<Record<string, number>>; readonly fields: Shape } {
    return { events: this.#events, formats: this.#formats.counts(), fields: this.#shape.shape() }
  }

  #late(objectMs: number, eventMs: number): void {
    if (!Number.isNaN(eventMs)) this.#lateness.add((objectMs - eventMs) / 1000)
  }

  #count(id: string): void {
    if (this.#ids.has(id)) this.#copies += 1
    else if (this.#ids.size < mostIds) this.#ids.add(id)
  }
}

/** The event as written where that can be had, so that the shape shows CircleCI's spelling and not ours. */
function raw(item: DecodedItem): unknown {
  try {
    return parseJson(item.text)
  } catch {
    return item.event
  }
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}
