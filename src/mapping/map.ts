// One audit event → one OpenTelemetry log record. Total: whatever JSON an event is made of, a record comes out and
// nothing throws. Pure: the same item, source and options give the same bytes in any run, so a batch formed again after
// a crash is the batch that was sent. Names, event names and severities are an interface; changing one is a release note.
//
// Names follow OpenTelemetry semantic conventions where they exist (log.record.uid, client.address, user.id, error.type,
// aws.s3.*, user_agent.original); all else is circleci.audit.* for what CircleCI said, circleci_audit_forwarder.source.*
// for where it lay. Resource and scope are one object each, because OpenTelemetry's serializers group by identity.
// Rejected: a record class with lazy getters (they do not survive `{ ...record }`, which processors use), and "now" for
// an unreadable time (it would file an old event under today).

import { type LogRecord, ORIGINAL, WELL_FORMED } from '@circleci-audit-forwarder/contract'
import type { HrTime } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { foldAction } from '../domain/action.ts'
import type { AuditEvent, DecodedItem } from '../domain/event.ts'
import { type Level, severityNumbers } from '../domain/severity.ts'
import { describe } from './attributes.ts'
import { bodyOf } from './body.ts'
import { type Draft, putNamed } from './draft.ts'
import { commonFields, eventId, occurredAt } from './identity.ts'
import { asText, plain } from './plain.ts'
import { levelOfAction, levelOfEvent, type Override, overridesFrom } from './severity.ts'
import { fromMillis } from './time.ts'

/** Where an event was read. */
export interface Source {
  /** The store's identity: `s3://bucket`, `gs://bucket`, `azblob://account/container`, `dir:/path`. */
  readonly store: string
  /** The object's whole key. */
  readonly key: string
  /** When the object was first seen, in milliseconds since 1970: the record's observed time. */
  readonly seenAt: number
  /** Constant attributes of the receiver. They never replace what the event says. */
  readonly attributes?: Readonly<Record<string, unknown>>
}

/** What the operator sets, ready for use: see `mappingOptions`. */
export interface MappingOptions {
  readonly scope: LogRecord['instrumentationScope']
  readonly overrides: readonly Override[]
}

const resource = resourceFromAttributes({ 'service.name': 'circleci' })
const scopes = new Map<string, LogRecord['instrumentationScope']>()

/** Options from the forwarder's version and the operator's severities (glob over actions → level, first match wins). */
export function mappingOptions(version: string, severities: Readonly<Record<string, Level>> = {}): MappingOptions {
  const scope = scopes.get(version) ?? Object.freeze({ name: 'circleci-audit-forwarder', version })
  scopes.set(version, scope)
  return { scope, overrides: overridesFrom(severities) }
}

/** The record of an event. An item without an event (a bad stretch) gives the record of an event without fields. */
export function mapEvent(item: DecodedItem, source: Source, options: MappingOptions): LogRecord {
  const event = eventOf(item)
  const action = named(event.action)
  const success = outcomeOf(event)
  const time = occurredAt(event)
  const level = levelOfEvent(
    { raw: action.raw, folded: action.folded, base: action.level, success, payload: event.payload },
    options.overrides,
  )
  const draft = draftOf(item, event, time)
  describe(draft, event, success)
  locate(draft.attributes, item, source)
  return {
    hrTime: time ?? [0, 0],
    hrTimeObserved: fromMillis(source.seenAt),
    severityNumber: severityNumbers[level],
    severityText: level,
    eventName: action.eventName,
    body: bodyOf(action.raw || 'unknown', event.actor, event.target, success),
    resource,
    instrumentationScope: options.scope,
    attributes: draft.attributes,
    droppedAttributesCount: draft.dropped,
    [ORIGINAL]: item.text,
    [WELL_FORMED]: isWellFormed(item, source) ? draft.attributes : undefined,
  }
}

/** Half a surrogate pair can only come from an escape, so strings are looked at only where the text has one. */
function eventOf({ event, text }: DecodedItem): AuditEvent {
  if (event === undefined) return {}
  const backslash = text.indexOf('\\')
  return backslash >= 0 && text.includes('\\u', backslash) ? (plain(event) as AuditEvent) : event
}

/** Attributes are made of these texts, of escapes that eventOf has seen to, and of constants that keepConstant has. */
function isWellFormed({ text }: DecodedItem, { store, key }: Source): boolean {
  return text.isWellFormed() && store.isWellFormed() && key.isWellFormed()
}

function draftOf(item: DecodedItem, event: AuditEvent, time: HrTime | undefined): Draft {
  const attributes: Record<string, unknown> = { 'log.record.uid': eventId(item) }
  const action = asText(event.action)
  if (action !== undefined) attributes['circleci.audit.action'] = action
  const written = time === undefined ? asText(event.occurred_at) : undefined
  if (written !== undefined) attributes['circleci.audit.occurred_at.raw'] = written
  return { attributes, extras: 0, dropped: 0 }
}

let lastBucket = { store: '', bucket: '' }

/**
 * Written anew rather than cut out: V8 keeps a cut as a view of the longer string, and JSON.stringify then takes its slow
 * path for the whole record, at more than twice the cost.
 */
function bucketOf(store: string): string {
  if (store !== lastBucket.store) lastBucket = { store, bucket: Buffer.from(store.slice(5)).toString() }
  return lastBucket.bucket
}

/** Joined, as event names are. */
function pathOf({ store, key }: Source): string {
  return store.startsWith('dir:') ? [store.slice('dir:'.length), key].join('/') : key
}

/** Where the record comes from: in OpenTelemetry's words where it has them, and in the forwarder's own, completely. */
function locate(attributes: Record<string, unknown>, item: DecodedItem, source: Source): void {
  if (source.store.startsWith('s3://')) {
    attributes['aws.s3.bucket'] = bucketOf(source.store)
    attributes['aws.s3.key'] = source.key
  } else if (!isElsewhere(source.store)) {
    attributes['log.file.path'] = pathOf(source)
  }
  attributes['circleci_audit_forwarder.source.store'] = source.store
  attributes['circleci_audit_forwarder.source.key'] = source.key
  attributes['circleci_audit_forwarder.source.line'] = item.line
  attributes['circleci_audit_forwarder.source.offset'] = item.offset
  attributes['circleci_audit_forwarder.source.sha256'] = item.sha256
  for (const name in source.attributes) keepConstant(attributes, name, source.attributes[name])
}

/** Stores for whose objects OpenTelemetry has no words: store and key below say it all. */
function isElsewhere(store: string): boolean {
  return store.startsWith('gs://') || store.startsWith('azblob://') || store.startsWith('import:')
}

function keepConstant(attributes: Record<string, unknown>, name: string, value: unknown): void {
  const named = name.toWellFormed()
  if (!Object.hasOwn(attributes, named) && named !== '__proto__') putNamed(attributes, named, plain(value))
}

/** True, false, or what CSV files write for them; else CircleCI's own copy in common_fields; else not known. */
function outcomeOf(event: AuditEvent): boolean | undefined {
  const value: unknown = event.success
  if (typeof value === 'boolean') return value
  if (value === undefined || value === null) return outcomes.get(commonFields(event)?.['outcome'])
  return typeof value === 'string' || typeof value === 'number' ? truths.get(String(value).toLowerCase()) : undefined
}

const truths = new Map([
  ['true', true],
  ['t', true],
  ['1', true],
  ['false', false],
  ['f', false],
  ['0', false],
])
const outcomes: ReadonlyMap<unknown, boolean> = new Map([
  ['success', true],
  ['failure', false],
])

interface Named {
  readonly raw: string
  readonly folded: string
  readonly eventName: string
  readonly level: Level
}

/** Folding is done once per spelling. Bounded, because the spelling is the sender's. */
const names = new Map<string, Named>()
const mostNames = 1000
const longestName = 200

function named(action: unknown): Named {
  const raw = typeof action === 'string' ? action : ''
  const known = names.get(raw)
  if (known !== undefined) return known
  const folded = foldAction(raw.slice(0, longestName)) || 'unknown'
  const made = {
    raw,
    folded,
    // Joined, not added up: V8 writes an object with JSON.stringify a third faster if no text in it is a sum.
    eventName: ['circleci.audit', folded].join('.'),
    level: levelOfAction(folded),
  }
  if (raw.length <= longestName && names.size < mostNames) names.set(raw, made)
  return made
}
