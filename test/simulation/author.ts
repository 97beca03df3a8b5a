// Writes audit objects the way CircleCI might, with every trouble a bucket brings: events doubled in and across objects,
// ids used twice, events without an id, torn lines, blank lines, both line ends, arrays, compression.
import { createHash } from 'node:crypto'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Chance } from './chance.ts'
import type { BadLine, Occurrence, TrueEvent, TrueObject, Truth } from './truth.ts'

export const ACTIONS = [
  'workflow.job.start',
  'workflow.job.finish',
  'context.secrets.accessed',
  'context.create',
  'project.env_var.create',
  'checkout-key.create',
  'schedule.create',
  'user.logged_in',
] as const

export interface Habits {
  readonly prefix: string
  readonly padded: boolean
  /** How likely an event was written down before. */
  readonly copies: number
  readonly torn: number
  readonly eventsMax: number
  /** How likely an object appears soon after the time it is stamped with. */
  readonly punctual: number
  /** Copies are of events at most this old. */
  readonly copyAgeMs: number
}

interface Line {
  readonly text: string
  readonly event?: TrueEvent
}

export class Author {
  readonly #chance: Chance
  readonly #truth: Truth
  readonly #habits: Habits
  #serial = 0
  /** Ids used for two events: two are enough, and a third might come too close to one of them. */
  readonly #twice = new Set<string>()
  #only: (event: TrueEvent) => boolean = () => true

  constructor(chance: Chance, truth: Truth, habits: Habits) {
    this.#chance = chance
    this.#truth = truth
    this.#habits = habits
  }

  /** An object stamped `time` that appears in the bucket at `putAt`, with new events of one kind only if asked so. */
  write(
    source: string,
    time: number,
    putAt: number,
    events: number,
    only: (event: TrueEvent) => boolean = () => true,
  ): TrueObject {
    this.#only = only
    const stamp = Math.floor(time / 1000) * 1000
    const lines = Array.from({ length: events }, () => this.#line(stamp, putAt))
    const draft = this.#compose(lines)
    const body = this.#packed(draft.bytes)
    const sha1 = createHash('sha1').update(body).update(String(this.#truth.objects.length)).digest('hex')
    const object: TrueObject = {
      serial: this.#truth.objects.length,
      source,
      key: this.#key(stamp, sha1),
      version: sha1.slice(0, 12),
      body,
      time: stamp,
      putAt,
      goneAt: undefined,
      probe: body.length === 0,
      occurrences: [],
      bad: draft.bad,
    }
    for (const { offset, line } of draft.placed) this.#place(object, offset, line)
    this.#truth.add(object)
    return object
  }

  /** Another body under the same key: the version before is gone. */
  replace(old: TrueObject, putAt: number, events: number): TrueObject {
    const { bytes, placed, bad } = this.#compose(Array.from({ length: events }, () => this.#line(old.time, putAt)))
    const body = this.#packed(bytes)
    const version = `${old.version}-again`
    const probe = body.length === 0
    const object: TrueObject = { ...old, version, body, putAt, goneAt: undefined, probe, occurrences: [], bad }
    for (const { offset, line } of placed) this.#place(object, offset, line)
    this.#truth.add(object)
    return object
  }

  /** CircleCI's own connectivity test. */
  probe(source: string, putAt: number): TrueObject {
    const body = this.#chance.hit(0.5) ? new Uint8Array(0) : Buffer.from('connectivity test')
    const key = `${this.#folder(putAt)}circleci_connectivity_test_${putAt}`
    const serial = this.#truth.objects.length
    const object = { serial, source, key, version: `probe${serial}`, body, time: putAt, putAt, goneAt: undefined }
    const probe: TrueObject = { ...object, probe: true, occurrences: [], bad: [] }
    this.#truth.add(probe)
    return probe
  }

  #place(object: TrueObject, offset: number, { text, event }: Line): void {
    if (event === undefined) return
    const uid = event.id ?? createHash('sha256').update(text).digest('hex')
    const occurrence: Occurrence = { event, object, offset, text, uid }
    object.occurrences.push(occurrence)
    event.occurrences.push(occurrence)
  }

  #folder(time: number): string {
    const at = new Date(time)
    const pad = (value: number): string => String(value).padStart(this.#habits.padded ? 2 : 1, '0')
    const day = `year=${at.getUTCFullYear()}/month=${pad(at.getUTCMonth() + 1)}/day=${pad(at.getUTCDate())}`
    return `${this.#habits.prefix === '' ? '' : `${this.#habits.prefix}/`}${day}/hour=${pad(at.getUTCHours())}/`
  }

  #key(stamp: number, sha1: string): string {
    return `${this.#folder(stamp)}${new Date(stamp).toISOString().slice(0, 19)}_${sha1}`
  }

  #line(time: number, putAt: number): Line {
    const before = this.#truth.events.slice(-120).filter((event) => time - event.occurredAt < this.#habits.copyAgeMs)
    if (before.length > 0 && this.#chance.hit(this.#habits.copies)) return this.#copy(this.#chance.pick(before))
    if (this.#chance.hit(this.#habits.torn)) return { text: this.#tear() }
    const once = before.filter((event) => event.id !== undefined && !this.#twice.has(event.id))
    const reused = once.length > 0 && this.#chance.hit(0.02) ? this.#chance.pick(once) : undefined
    return this.#event(Math.min(time, putAt), reused)
  }

  #event(time: number, reused: TrueEvent | undefined): Line {
    this.#serial += 1
    const id = this.#chance.hit(0.03) ? undefined : (reused?.id ?? this.#uuid())
    if (reused !== undefined && id !== undefined) this.#twice.add(id)
    const apart = reused === undefined ? 0 : this.#chance.pick([2_000, 5_000, 600_000, 7_200_000])
    const occurredAt = (reused === undefined ? time - this.#chance.int(0, 600_000) : reused.occurredAt) - apart
    const action = this.#chance.pick(ACTIONS)
    const event: TrueEvent = { serial: this.#serial, id, occurredAt, action, occurrences: [] }
    if (!this.#only(event)) return this.#event(time, reused)
    this.#truth.events.push(event)
    return { event, text: this.#spell(event, 0) }
  }

  #copy(event: TrueEvent): Line {
    // Without an id the text is the identity, and only in one object is the time surely the same.
    const variant = event.id === undefined ? 0 : this.#chance.int(0, 3)
    if (event.id === undefined) return this.#event(event.occurredAt, undefined)
    return { event, text: this.#spell(event, variant) }
  }

  #spell(event: TrueEvent, variant: number): string {
    const { id, action, occurredAt, serial } = event
    const fields = {
      ...(id === undefined ? {} : { id }),
      version: 1,
      action,
      occurred_at: new Date(occurredAt).toISOString(),
      actor: { id: 'u1', type: 'user', name: 'github: octocat' },
      success: true,
      payload: { serial, note: 'é'.repeat(serial % 7), pad: 'x'.repeat((serial * 37) % 200) },
      ...(variant === 0 ? {} : { metadata: { variant: String(variant) } }),
    }
    return JSON.stringify(fields)
  }

  #tear(): string {
    this.#serial += 1
    const whole = `{"id":"${this.#uuid()}","action":"context.create","payload":{"note":"torn ${this.#serial}`
    return this.#chance.hit(0.7) ? whole : `garbage ${this.#serial}, no JSON at all`
  }

  #uuid(): string {
    const hex = (digits: number): string =>
      Array.from({ length: digits }, () => this.#chance.int(0, 15).toString(16)).join('')
    return `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`
  }

  #compose(lines: readonly Line[]) {
    const sheet = new Sheet()
    if (lines.length === 0) {
      if (this.#chance.hit(0.5)) sheet.put(this.#chance.pick(['\n', '[]', '\r\n\r\n']))
    } else if (this.#chance.hit(0.12) && lines.every(({ event }) => event !== undefined)) {
      sheet.put('[\n')
      for (const [index, line] of lines.entries()) sheet.line(line, index === lines.length - 1 ? '\n]' : ',\n')
    } else this.#lines(sheet, lines)
    return { bytes: Buffer.concat(sheet.parts), placed: sheet.placed, bad: sheet.bad }
  }

  #lines(sheet: Sheet, lines: readonly Line[]): void {
    const feed = this.#chance.hit(0.2) ? '\r\n' : '\n'
    for (const [index, line] of lines.entries()) {
      const ended = index < lines.length - 1 || this.#chance.hit(0.8)
      sheet.line(line, ended ? feed.repeat(this.#chance.hit(0.05) ? 2 : 1) : '')
    }
  }

  #packed(bytes: Buffer): Uint8Array {
    if (bytes.length === 0) return bytes
    const way = this.#chance.random()
    if (way < 0.3) return gzipSync(bytes, { level: 1 })
    return way < 0.4 ? zstdCompressSync(bytes) : bytes
  }
}

/** An object while it is written. */
class Sheet {
  readonly parts: Buffer[] = []
  readonly placed: { readonly offset: number; readonly line: Line }[] = []
  readonly bad: BadLine[] = []
  #offset = 0

  put(text: string): void {
    const bytes = Buffer.from(text)
    this.parts.push(bytes)
    this.#offset += bytes.length
  }

  line(line: Line, end: string): void {
    if (line.event === undefined) this.bad.push({ offset: this.#offset, bytes: Buffer.from(line.text) })
    this.placed.push({ offset: this.#offset, line })
    this.put(`${line.text}${end}`)
  }
}
