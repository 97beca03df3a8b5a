// What a cell says, with the JSON text the stream would have for it; undefined where it says nothing. The text of a blob is
// taken over as it stands: parsed and written again, a large number would be another one.

import { parsed } from '../decode/shape.ts'
import type { Dialect } from './scan.ts'

const nothing = new Set(['', 'null', 'NULL'])
const truths = new Map<string, boolean>([
  ...['true', 't', '1'].map((word) => [word, true] as const),
  ...['false', 'f', '0'].map((word) => [word, false] as const),
])
const wholeNumber = /^\d{1,9}(?:\.0+)?$/
const utc = /^(\d{4}-\d\d-\d\d)(?:[Tt]|\s+)(\d\d:\d\d:\d\d(?:\.\d{1,9})?)\s*(?:[Zz]|UTC|GMT|[+-]00:?00)?$/

/** A value, and the JSON text it stands in. */
export interface Said {
  readonly value: unknown
  readonly json: string
}

/** An id, an action: text. One that was written as a JSON string is what that string says. */
export function textOf(cell: string, dialect: Dialect): Said | undefined {
  const text = plain(cell, dialect)
  if (nothing.has(text.trim())) return undefined
  const inner = text.startsWith('"') ? parsed(text) : undefined
  return said(typeof inner === 'string' ? inner : text)
}

/** A time in UTC, however it is written, as CircleCI's stream writes it; what is not surely UTC stays as it is. */
export function timeOf(cell: string, dialect: Dialect): Said | undefined {
  const text = textOf(cell.trim(), dialect)
  const [, day, time] = utc.exec(String(text?.value)) ?? []
  return day === undefined || time === undefined ? text : said(`${day}T${time}Z`)
}

/** `1` and `1.0` are the number 1. */
export function versionOf(cell: string, dialect: Dialect): Said | undefined {
  const text = cell.trim()
  return wholeNumber.test(text) ? said(Number(text)) : textOf(cell, dialect)
}

export function truthOf(cell: string, dialect: Dialect): Said | undefined {
  const truth = truths.get(cell.trim().toLowerCase())
  return truth === undefined ? textOf(cell, dialect) : said(truth)
}

/**
 * A JSON blob: as it stands, with backslashes before its quotes, or written as a JSON string. Anything else is text, and
 * no reason to refuse the row.
 */
export function blobOf(cell: string, dialect: Dialect): Said | undefined {
  const text = cell.trim()
  if (nothing.has(text)) return undefined
  for (const json of readings(text)) {
    const value = json.startsWith('{') || json.startsWith('[') ? parsed(json) : undefined
    if (value !== undefined) return { value, json }
  }
  return textOf(cell, dialect)
}

/** A cell nobody knows: a blob if it is one, else text. Numbers stay text: an account's number is none. */
export function anyOf(cell: string, dialect: Dialect): Said | undefined {
  return /^\s*[{[]/.test(cell) ? blobOf(cell, dialect) : textOf(cell, dialect)
}

function said(value: string | number | boolean): Said {
  return { value, json: JSON.stringify(value) }
}

function* readings(text: string): Generator<string> {
  yield text
  if (text.includes('\\')) {
    yield text.replace(/\\(["\\])/g, '$1')
    yield text.replaceAll('\\"', '"')
  }
  if (!text.startsWith('"')) return
  const inner = parsed(text)
  if (typeof inner === 'string') yield inner.trim()
}

function plain(cell: string, dialect: Dialect): string {
  return dialect === 'backslash' ? cell.replace(/\\(["\\])/g, '$1') : cell
}
