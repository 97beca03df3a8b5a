// What a parsed value is: an event, a wrapper of events, or neither. Where an object stands on a line of its own (within
// the limit), all its keys are known: any of `id`, `action`, `occurred_at` makes it an event. Otherwise what precedes the
// array at the top level decides; that is the scanner's.

import { fold, isEventKey } from './normalize.ts'
import { parseJson } from './parse.ts'

const wrapping = new Set(['events', 'items', 'records'])

/** Whether an array under this key may be a wrapper's. */
export function isWrappingKey(key: string): boolean {
  return wrapping.has(fold(key))
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** undefined is no JSON value, so it can stand for "does not parse". */
export function parsed(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** An object that has an array of events and nothing that would make it an event itself. */
export function isWrapper(value: unknown): boolean {
  if (!isObject(value) || value['id'] !== undefined) return false
  const keys = Object.keys(value)
  return !keys.some(isEventKey) && keys.some((key) => Array.isArray(value[key]) && isWrappingKey(key))
}

/** Whether a line holds, from its first column, events complete in themselves. No pretty-printer puts a nested value there like that. */
export function isEventLine(line: Buffer): boolean {
  if (line[0] !== 0x7b && line[0] !== 0x5b) return false
  // Parsing in vain is dear: most lines of a document do not end where they could.
  const last = line[line.length - 1] === 0x0d ? line[line.length - 2] : line[line.length - 1]
  if (last !== 0x7d && last !== 0x5d && last !== 0x20 && last !== 0x09) return false
  const value = parsed(line.toString('utf8'))
  return isEvent(value) || isWrapper(value) || (Array.isArray(value) && value.some(isEvent))
}

function isEvent(value: unknown): boolean {
  return isObject(value) && Object.keys(value).some(isEventKey)
}
