// Redacting values that are no text: attributes of records and resources. As everywhere, what changes is copied, and
// what does not is the very value.
import { attributeNamed } from './copies.ts'
import type { Pass } from './pass.ts'
import type { Spot } from './paths.ts'
import { MASK } from './replacement.ts'

/** Mapping cuts at 30; deeper, or going round in a circle, comes from elsewhere and is masked unseen. */
const deepest = 64

export type Attributes = Readonly<Record<string, unknown>>

/** In place of what is dropped: told from any value an attribute may have. */
const GONE = Symbol('gone')

/** The attributes with everything replaced that the rules are about. The same object if nothing changes. Never throws. */
export function rewriteAttributes<Given extends Attributes>(attributes: Given, pass: Pass): Given {
  const names = new Map<string, number>()
  return rewriteMap(attributes, {
    name: (name) => {
      const { key, isFree } = attributeNamed(name)
      return isFree ? name.slice(0, -key.length) + pass.key(key, names) : name
    },
    value: (name, value) => {
      const { key, isKept } = attributeNamed(name)
      return isKept ? value : changed(value, pass.paths.attribute(key), pass, [])
    },
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

/** What becomes of a value: it is taken whole, or looked into. */
function changed(value: unknown, spot: Spot, pass: Pass, path: readonly object[]): unknown {
  const { action } = spot
  if (action === undefined) return rewriteValue(value, spot, pass, path)
  pass.rememberJson(action, jsonOf(value))
  return action === 'drop' ? GONE : pass.replaced(action, value)
}

function numberOf(value: number | bigint, pass: Pass): unknown {
  const text = String(value)
  const clean = pass.number(text)
  return clean === text ? value : clean
}

function rewriteList(list: readonly unknown[], spot: Spot, pass: Pass, path: readonly object[]): unknown {
  const below = [...path, list]
  const items = list.map((item, index) => changed(item, pass.paths.item(spot, index), pass, below))
  return items.every((item, index) => item === list[index]) ? list : items.filter((item) => item !== GONE)
}

function rewriteObject(object: object, spot: Spot, pass: Pass, path: readonly object[]): unknown {
  const names = new Map<string, number>()
  const below = [...path, object]
  return rewriteMap(object as Attributes, {
    name: (key) => pass.key(key, names),
    value: (key, value) => changed(value, spot.step(key), pass, below),
  })
}

interface Change {
  name(name: string): string
  value(name: string, value: unknown): unknown
}

/** Member by member, in order. Entries, never assignment: a key `__proto__` must neither pollute nor vanish. */
function rewriteMap<Given extends Attributes>(map: Given, change: Change): Given {
  const names = Object.keys(map)
  let members: [name: string, value: unknown][] | undefined
  for (const [index, name] of names.entries()) {
    const value = map[name]
    const next = change.value(name, value)
    const newName = next === GONE ? name : change.name(name)
    if (next === value && newName === name && members === undefined) continue
    members ??= names.slice(0, index).map((before) => [before, map[before]])
    if (next !== GONE) members.push([newName, next])
  }
  return members === undefined ? map : (Object.fromEntries(members) as Given)
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? ''
  } catch {
    return ''
  }
}
