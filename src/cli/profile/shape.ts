// The structure of events without a single value of them: names (as far as they cannot be data), types, and for texts
// a class of length and form. Safe to paste into a public ticket.
import { shownName } from './vocabulary.ts'

/** By path, e.g. `actor.id` or `payload.items[]`: what was seen there, and how often. */
export type Shape = Readonly<Record<string, Readonly<Record<string, number>>>>

const deepest = 8
const widest = 100
const mostPaths = 2000

export class ShapeOf {
  readonly #paths = new Map<string, Map<string, number>>()

  add(event: unknown): void {
    this.#visit('', event, 0)
  }

  shape(): Shape {
    const sorted = [...this.#paths].sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(sorted.map(([path, kinds]) => [path, Object.fromEntries([...kinds].sort())]))
  }

  #visit(path: string, value: unknown, depth: number): void {
    if (path !== '') this.#note(path, kindOf(value))
    if (depth >= deepest || typeof value !== 'object' || value === null) return
    if (Array.isArray(value)) {
      for (const item of value.slice(0, widest)) this.#visit(`${path}[]`, item, depth + 1)
      return
    }
    for (const [name, item] of Object.entries(value).slice(0, widest)) {
      const shown = shownName(name)
      this.#visit(path === '' ? shown : `${path}.${shown}`, item, depth + 1)
    }
  }

  #note(path: string, kind: string): void {
    if (!this.#paths.has(path) && this.#paths.size >= mostPaths) return
    const kinds = this.#paths.get(path) ?? new Map<string, number>()
    this.#paths.set(path, kinds.set(kind, (kinds.get(kind) ?? 0) + 1))
  }
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'string' ? `string ${form(value)}` : typeof value
}

const forms: readonly (readonly [string, RegExp])[] = [
  ['uuid', /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i],
  ['timestamp', /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/],
  ['url', /^https?:\/\//],
  ['digits', /^\d+$/],
]
const lengths = [0, 8, 16, 32, 64, 256, 1024, 8192]

function form(text: string): string {
  const special = forms.find(([, pattern]) => pattern.test(text))
  if (special !== undefined) return special[0]
  const length = lengths.find((most) => text.length <= most)
  return length === 0 ? 'empty' : `up to ${length ?? 'any length'}`
}
