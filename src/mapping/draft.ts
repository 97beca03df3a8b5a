import { plain } from './plain.ts'

/** How many fields beyond the documented ones a record carries: metadata and unknown fields together. */
const mostExtras = 128

/** Attributes in the making. */
export interface Draft {
  readonly attributes: Record<string, unknown>
  extras: number
  dropped: number
}

/**
 * Keeps a field that has no fixed place, under the name it comes with. Never replaces another; beyond the bound it is
 * counted as dropped (the original text has it still).
 */
export function putExtra(draft: Draft, name: string, value: unknown): void {
  if (value === undefined || value === null) return
  if (draft.extras >= mostExtras) {
    draft.dropped++
    return
  }
  draft.extras++
  let free = name
  while (free in draft.attributes) free += '_'
  putNamed(draft.attributes, free, plain(value))
}

/**
 * `attributes[name] = value` for a name not known beforehand. That assignment would make V8 turn an object of this size
 * into a hash table: mapping then takes 1.3 times as long, and every encoder pays for it again.
 */
export function putNamed(attributes: Draft['attributes'], name: string, value: unknown): void {
  Reflect.defineProperty(attributes, name, { value, writable: true, enumerable: true, configurable: true })
}
