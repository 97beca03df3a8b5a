// Which column is what, told by its name and never by its place, and a row put together as the stream would write the
// event: the documented fields in the documentation's order, then whatever else the file has, under its own name. Flattened
// columns (`actor_id`, `payload.context_name`) go back into the object they were taken from.
//
// A file without a header is read only if it looks like the one order CircleCI ever documented.

import { fold } from '../decode/normalize.ts'
import { parseJson } from '../decode/parse.ts'
import { isObject } from '../decode/shape.ts'
import { anyOf, blobOf, type Said, textOf, timeOf, truthOf, versionOf } from './cell.ts'
import type { Dialect } from './scan.ts'

type Reading = (cell: string, dialect: Dialect) => Said | undefined

const parties = ['actor', 'target', 'scope', 'organization', 'account'] as const
const readings: Readonly<Record<string, Reading>> = {
  id: (cell, dialect) => textOf(cell.trim(), dialect),
  version: versionOf,
  action: (cell, dialect) => textOf(cell.trim(), dialect),
  occurred_at: timeOf,
  ...Object.fromEntries(parties.map((party) => [party, blobOf])),
  success: truthOf,
  request: blobOf,
  payload: blobOf,
  metadata: blobOf,
  common_fields: blobOf,
}
const documented = Object.keys(readings)
const objects = new Set(documented.filter((field) => readings[field] === blobOf))
const flattened = new RegExp(`^(?:(${parties.join('|')})_(id|type|name)|(request)_(id|ip_address|client_trace_id))$`)
/** The first draft of the documentation: "Rows contain these fields". */
const firstOrder = 'id version action payload metadata occurred_at actor target scope success request'.split(' ')
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const data = /^\s*[{[]|^\s*\d+\s*$|[0-9a-f]{8}-[0-9a-f]{4}-|\d{4}-\d\d-\d\d/i
const longestName = 64
/** `occurred_at`, with something around it. */
const longestKnown = 16
const date = /^\d{4}-\d\d-\d\d/
/** So few known names may be chance: a line of data can hold one. */
const fewestKnown = 2

interface Column {
  readonly index: number
  readonly name: string
  /** Where its value goes: a field, or a place within one. */
  readonly path: readonly [string, ...string[]]
}

export class Columns {
  readonly count: number
  /** Whole fields by their documented name. */
  readonly #fields: ReadonlyMap<string, Column>
  readonly #flat: readonly Column[]
  readonly #extras: readonly Column[]

  constructor(names: readonly string[]) {
    this.count = names.length
    const columns = names.map((name, index) => ({ index, name: name.trim(), path: pathOf(name) }))
    const fields = new Map<string, Column>()
    // An exact name wins over a folded one, and the first of two.
    for (const column of [...columns.filter(({ name, path }) => name === path[0]), ...columns]) {
      if (column.path.length === 1 && documented.includes(column.path[0]) && !fields.has(column.path[0])) {
        fields.set(column.path[0], column)
      }
    }
    const others = named(columns.filter((column) => !isIn(fields, column)))
    this.#fields = fields
    this.#flat = others.filter(({ path }) => path.length > 1)
    this.#extras = others.filter(({ path }) => path.length === 1)
  }

  /** How many columns have a documented name, whole or flattened. */
  get known(): number {
    return this.#fields.size + this.#flat.length
  }

  /** The row as the event's JSON text and what that says. It must have as many cells as there are columns. */
  read(cells: readonly string[], dialect: Dialect): { readonly text: string; readonly value: object } {
    const said: [name: string, Said][] = []
    const loose: Column[] = []
    for (const field of documented) {
      const column = this.#fields.get(field)
      const whole = column && readings[field]?.(cells[column.index] ?? '', dialect)
      const inner = this.#flat.length === 0 ? [] : this.#flat.filter(({ path }) => path[0] === field)
      const all = inner.length === 0 ? whole : joined(whole, inner, cells, dialect, loose)
      if (all !== undefined) said.push([field, all])
    }
    for (const { index, name } of [...this.#extras, ...loose]) {
      const value = anyOf(cells[index] ?? '', dialect)
      if (value !== undefined) said.push([name, value])
    }
    const text = `{${said.map(([name, { json }]) => `${JSON.stringify(name)}:${json}`).join(',')}}`
    return { text, value: Object.fromEntries(said.map(([name, { value }]) => [name, value])) }
  }
}

/** The columns of a file by its first row, and whether that row is a header; undefined if it is no audit log. */
export function columnsOf(
  first: readonly string[],
): { readonly columns: Columns; readonly isHeader: boolean } | undefined {
  const columns = new Columns(first)
  const isNamed = columns.known >= Math.min(fewestKnown, first.length) && !first.some(isData)
  if (isNamed) return { columns, isHeader: true }
  const looksLikeRow = first.length === firstOrder.length && uuid.test(first[0]?.trim() ?? '')
  if (!looksLikeRow || !first.some((cell) => date.test(cell.trim()))) return undefined
  return { columns: new Columns(firstOrder), isHeader: false }
}

/** Whether a row behind the first one names columns anew: files were joined. Short cells only: names are. */
export function isHeader(cells: readonly string[]): boolean {
  const names = cells.filter((cell) => cell.length <= longestKnown).map(fold)
  return names.includes('occurred_at') && names.includes('id') && !cells.some(isData)
}

/** A header that ran into a row is none: taken for one, it would take the row's event with it. */
function isData(cell: string): boolean {
  return cell.length > longestName || data.test(cell)
}

function pathOf(name: string): Column['path'] {
  const folded = fold(name)
  const [, party, part, request, detail] = flattened.exec(folded) ?? []
  const owner = party ?? request
  if (owner !== undefined) return [owner, part ?? detail ?? '']
  const [field = '', ...rest] = name.trim().split('.')
  if (rest.length > 0 && objects.has(fold(field)) && rest.every((step) => step !== '')) return [fold(field), ...rest]
  return [documented.includes(folded) ? folded : name.trim()]
}

function isIn(fields: ReadonlyMap<string, Column>, column: Column): boolean {
  return fields.get(column.path[0])?.index === column.index
}

/** Two columns of one name must not become one field, and one without a name needs one. */
function named(columns: readonly Column[]): readonly Column[] {
  const taken = new Set(documented)
  return columns.map((column) => {
    let name = column.name === '' ? `column_${column.index + 1}` : column.name
    while (taken.has(name)) name += '_'
    taken.add(name)
    return { ...column, name }
  })
}

/**
 * An object with what flattened columns say of it. What it says itself stands; what does not fit (it has the part already,
 * or is no object) is left over, to be kept under the column's own name.
 */
function joined(
  whole: Said | undefined,
  inner: readonly Column[],
  cells: readonly string[],
  dialect: Dialect,
  loose: Column[],
): Said | undefined {
  const object = whole === undefined ? {} : whole.value
  if (!isObject(object)) {
    loose.push(...inner)
    return whole
  }
  const known = Object.keys(object).length
  for (const column of inner) {
    const said = anyOf(cells[column.index] ?? '', dialect)
    if (said !== undefined && !put(object, column.path.slice(1), said.value)) loose.push(column)
  }
  if (Object.keys(object).length === known) return whole
  const json = JSON.stringify(object)
  return { value: parseJson(json), json }
}

function put(object: Record<string, unknown>, [step = '', ...rest]: readonly string[], value: unknown): boolean {
  const held = Object.hasOwn(object, step) ? object[step] : undefined
  if (rest.length > 0 && isObject(held)) return put(held, rest, value)
  if (held !== undefined) return false
  const inner = rest.length === 0 ? value : {}
  if (rest.length > 0) put(inner as Record<string, unknown>, rest, value)
  // Not by assignment, which `__proto__` would escape.
  Object.defineProperty(object, step, { value: inner, enumerable: true, configurable: true, writable: true })
  return true
}
