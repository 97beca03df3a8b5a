// What the forwarder says of itself, as the world hears it. To a server an own record is an event like any other, so that
// it is refused, lost on the way and stored in part as others are; here is which event it is, what it says, and who was
// to hear it.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import type { OwnEntry } from '../../src/ledger/own.ts'
import type { Verdict } from './trace.ts'
import type { Occurrence, TrueEvent, TrueObject } from './truth.ts'

/** Serials of own records begin here. */
const FIRST_SERIAL = 10_000_000
/** Where no bucket is. */
const NOWHERE = 'nowhere'

const PREFIX = 'circleci_audit_forwarder.'

/** An own record as it arrived. */
export interface Heard {
  readonly id: string
  readonly kind: string
  /** When it was said, in milliseconds since 1970. */
  readonly at: number
  readonly attributes: Readonly<Record<string, unknown>>
}

export function isOwnRecord({ eventName = '' }: LogRecord): boolean {
  return eventName.startsWith(PREFIX)
}

export function isOwnOccurrence({ object }: Pick<Occurrence, 'object'>): boolean {
  return object.source === NOWHERE
}

export class Spoken {
  readonly #verdict: Verdict
  readonly #occurrences = new Map<string, Occurrence>()
  readonly #heard = new Map<TrueEvent, Heard>()
  /** Ids of the heartbeats that each destination was to hear. */
  readonly owed = new Map<string, Set<string>>()
  /** Ids of everything the ledger was asked to keep. */
  readonly #kept = new Set<string>()

  constructor(verdict: Verdict) {
    this.#verdict = verdict
  }

  /** The ledger was asked to keep these for whoever is told now; and whether a power cut could take them back. */
  kept(entries: readonly OwnEntry[], told: readonly string[], isVolatile: boolean): void {
    if (told.length > 0 && isVolatile) this.#verdict.breaks('own: a record was kept so that a power cut could take it')
    for (const { record, only } of entries) {
      this.#kept.add(record.id)
      if (record.kind !== 'heartbeat' || only !== undefined) continue
      for (const destination of told) this.#owe(destination, record.id)
    }
  }

  #owe(destination: string, id: string): void {
    const owed = this.owed.get(destination) ?? new Set()
    this.owed.set(destination, owed.add(id))
  }

  /** The record as an event of this world. What was said once must never be said otherwise. */
  hear(record: LogRecord, destination: string): Occurrence {
    const id = String(record.attributes['log.record.uid'])
    const { eventName = '', hrTime, body, attributes, resource } = record
    const text = JSON.stringify([eventName, hrTime, body, attributes])
    const known = this.#occurrences.get(id)
    if (known !== undefined && known.text !== text) this.#verdict.breaks(`own: ${id} says something else than before`)
    if (known !== undefined) return known
    if (!this.#kept.has(id) && !eventName.endsWith('.control'))
      this.#verdict.breaks(`own: ${destination} was given ${eventName} ${id}, which the ledger was not asked to keep`)
    if (resource.attributes['service.name'] !== 'circleci-audit-forwarder')
      this.#verdict.breaks(`own: ${id} is said in another's name`)
    const event: TrueEvent = {
      serial: FIRST_SERIAL + this.#occurrences.size,
      id,
      occurredAt: hrTime[0] * 1000,
      action: eventName,
      occurrences: [],
    }
    const occurrence = { event, object: objectOf(id, event.occurredAt), offset: 0, text, uid: id }
    event.occurrences.push(occurrence)
    this.#occurrences.set(id, occurrence)
    const at = hrTime[0] * 1000 + Math.trunc(hrTime[1] / 1e6)
    this.#heard.set(event, { id, kind: eventName.slice(PREFIX.length), at, attributes: bare(attributes) })
    return occurrence
  }

  /** What an event of a server's says, if it is an own record. */
  of(event: TrueEvent): Heard | undefined {
    return this.#heard.get(event)
  }
}

function bare(attributes: LogRecord['attributes']): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replace(PREFIX, ''), value]))
}

function objectOf(key: string, time: number): TrueObject {
  const place = { serial: 0, source: NOWHERE, key, version: '1', body: new Uint8Array(), time, putAt: time }
  return { ...place, goneAt: undefined, probe: false, occurrences: [], bad: [] }
}

/** Numbers requests, and counts those with anything but own records in them. */
export class Requests {
  audit = 0
  #all = 0

  readonly next = (audit: boolean): number => {
    if (audit) this.audit += 1
    this.#all += 1
    return this.#all
  }
}
