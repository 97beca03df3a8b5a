// Events as CircleCI documents them pass through untouched: the check below reads their keys once and returns the very
// object that was parsed. Everything else is a dialect met in the field: keys in upper case or with blanks, flattened
// parties (ACTOR_ID), objects that were made strings on the way, booleans spelled out. A dialect is rebuilt into a new
// object; what is not understood stays under its own name, and an exact name always wins over a folded one.

import type { AuditEvent } from '../../domain/event.ts'
import { parseJson } from './parse.ts'

type Fields = Readonly<Record<string, unknown>>

const parties: readonly string[] = ['actor', 'target', 'scope', 'organization', 'account']
const nested = new Set([...parties, 'request', 'payload', 'metadata', 'common_fields'])
const texts = new Set(['id', 'action', 'occurred_at'])
const documented = new Set([...texts, ...nested, 'version', 'success'])
const flattened = new RegExp(`^(?:(${parties.join('|')})_(id|type|name)|(request)_(id|ip_address|client_trace_id))$`)
const truths = new Map<unknown, boolean>([
  ...['true', 't', '1', 1].map((word) => [word, true] as const),
  ...['false', 'f', '0', 0].map((word) => [word, false] as const),
])

/** A key as the documentation would spell it: `Occurred At` and `OCCURRED_AT` are `occurred_at`. */
export function fold(key: string): string {
  return key
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
}

/** Whether the key is one of those that make an object an audit event, in any spelling. */
export function isEventKey(key: string): boolean {
  return texts.has(key) || texts.has(fold(key))
}

/** The event under its documented names. The same object if it has them already; never changes its argument. */
export function normalize(raw: Fields): AuditEvent {
  // Keys and values side by side: looking each value up by its key costs more than the check itself.
  const keys = Object.keys(raw)
  const values = Object.values(raw)
  for (let i = 0; i < keys.length; i++) if (!isOrdinary(keys[i] as string, values[i])) return rebuild(raw)
  return raw
}

/** Whether it has what makes an audit event, once normalised. */
export function isAuditEvent(event: AuditEvent): boolean {
  return typeof event.id === 'string' || typeof event.action === 'string' || typeof event.occurred_at === 'string'
}

function isOrdinary(key: string, value: unknown): boolean {
  if (texts.has(key)) return typeof value === 'string'
  if (key === 'success') return typeof value === 'boolean'
  if (nested.has(key)) return typeof value !== 'string'
  if (key === 'version') return true
  const folded = fold(key)
  return !documented.has(folded) && !flattened.test(folded)
}

// A Map and Object.fromEntries, never assignment: an own key `__proto__` must neither pollute nor vanish.
function rebuild(raw: Fields): AuditEvent {
  const fields = new Map<string, unknown>()
  const flat: [key: string, value: unknown][] = []
  for (const [key, value] of Object.entries(raw)) {
    const folded = fold(key)
    const free = !Object.hasOwn(raw, folded) && !fields.has(folded)
    if (flattened.test(folded)) flat.push([key, value])
    else keep(fields, documented.has(folded) && free ? folded : key, value)
  }
  for (const [key, value] of flat) unflatten(fields, key, value)
  return Object.fromEntries(fields)
}

function keep(fields: Map<string, unknown>, name: string, value: unknown): void {
  if (nested.has(name)) fields.set(name, parsed(value))
  else if (name === 'success') fields.set(name, truth(value))
  else if (!texts.has(name) || typeof value === 'string' || value === null) fields.set(name, value)
  // A number too large to be exact is no identity: two of them may look alike. Then the event goes by its hash.
  else if (Number.isSafeInteger(value)) fields.set(name, String(value))
  else fields.set(`${name}_as_written`, value)
}

function truth(value: unknown): unknown {
  return truths.get(typeof value === 'string' ? value.trim().toLowerCase() : value) ?? value
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string' || !value.trimStart().startsWith('{')) return value
  try {
    return parseJson(value)
  } catch {
    return value
  }
}

/** ACTOR_ID becomes actor.id, unless the actor has one already or is no object: then the field stays as it is. */
function unflatten(fields: Map<string, unknown>, key: string, value: unknown): void {
  const match = flattened.exec(fold(key))
  const owner = match?.[1] ?? match?.[3] ?? ''
  const part = match?.[2] ?? match?.[4] ?? ''
  const object = fields.get(owner) ?? {}
  if (typeof object !== 'object' || Array.isArray(object) || Object.hasOwn(object, part)) fields.set(key, value)
  else fields.set(owner, { ...object, [part]: value })
}
