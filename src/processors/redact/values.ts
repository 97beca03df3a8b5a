// Redacting values that are no text: attributes of records and resources. As everywhere, what changes is copied, and
// what does not is the very value.
import { eventPath, isFieldName, isKeptAttribute } from './copies.ts'
import type { Pass } from './pass.ts'
import type { Spot } from './paths.ts'
import { MASK } from './replacement.ts'

/** Mapping cuts at 30; deeper, or going round in a circle, comes from elsewhere and is masked unseen. */
const deepest = 64

export type Attributes = Readonly<Record<string, unknown>>

/** The attributes with everything replaced that the rules are about. The same object if nothing changes. Never throws. */
export function rewriteAttributes<Given extends Attributes>(attributes: Given, pass: Pass): Given {
  const names = new Set<string>()
  return rewriteMap(attributes, (name, value) => {
    if (isKeptAttribute(name)) return [name, value]
    const key = eventPath(name)
    const spot = pass.paths.attribute(key)
    const clean = key === name || isFieldName(key) ? name : name.slice(0, -key.length) + pass.key(key, names)
    return [clean, taken(value, spot, key, pass) ?? rewriteValue(value, spot, pass, [])]
  })
}

/** Any value that no rule takes whole. The same value if nothing changes. Never throws. */
export function rewriteValue(value: unknown, spot: Spot, pass: Pass, path: readonly object[]): unknown {
  if (typeof value === 'string') return pass.text(value, spot, 1)
  if (typeof value === 'number' || typeof value === 'bigint') return numberOf(value, pass)
  if (typeof value !== 'object' || value === null || pass.isIdle(spot)) return value
  if (path.length >= deepest || path.includes(value)) return MASK
  if (value instanceof Uint8Array) return pass.holds(Buffer.from(value).toString()) ? MASK : value
  return Array.isArray(value) ? rewriteList(value, spot, pass, path) : rewriteObject(value, spot, pass, path)
}

/** In place of a value that a rule takes whole; undefined if none does. */
function taken(value: unknown, { action }: Spot, key: string, pass: Pass): Taken | undefined {
  if (action === undefined) return undefined
  pass.rememberJson(action, jsonOf(value), key)
  return new Taken(pass.replaced(action, value))
}

/** Told from any value an attribute may have. Without a value it is dropped. */
class Taken {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

function numberOf(value: number | bigint, pass: Pass): unknown {
  const text = String(value)
  const changed = pass.number(text)
  return changed === text ? value : changed
}

function rewriteList(list: readonly unknown[], spot: Spot, pass: Pass, path: readonly object[]): unknown {
  let changed = false
  const items = list.flatMap((item, index): readonly unknown[] => {
    const below = pass.paths.item(spot, index)
    const took = taken(item, below, '', pass)
    const next = took === undefined ? rewriteValue(item, below, pass, [...path, list]) : took.value
    changed ||= next !== item || took !== undefined
    return took !== undefined && took.value === undefined ? [] : [next]
  })
  return changed ? items : list
}

function rewriteObject(object: object, spot: Spot, pass: Pass, path: readonly object[]): unknown {
  const names = new Set<string>()
  return rewriteMap(object as Attributes, (key, value) => {
    const below = spot.step(key)
    const took = taken(value, below, key, pass)
    return [pass.key(key, names), took ?? rewriteValue(value, below, pass, [...path, object])]
  })
}

type Member = readonly [name: string, value: unknown]

/** Member by member, in order. Entries, never assignment: a key `__proto__` must neither pollute nor vanish. */
function rewriteMap<Given extends Attributes>(map: Given, one: (name: string, value: unknown) => Member): Given {
  let changed = false
  const members = Object.entries(map).flatMap(([name, value]): readonly Member[] => {
    const [newName, next] = one(name, value)
    changed ||= newName !== name || next !== value
    if (!(next instanceof Taken)) return [[newName, next]]
    return next.value === undefined ? [] : [[newName, next.value]]
  })
  return changed ? (Object.fromEntries(members) as Given) : map
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? ''
  } catch {
    return ''
  }
}
