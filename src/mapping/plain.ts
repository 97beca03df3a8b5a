// What a JSON value must not be when it becomes an attribute. Encoders recurse, so depth is bounded; `1e999` parses to
// Infinity, which JSON cannot say back; half a surrogate pair (`"\ud800"`) is refused by strict readers at the other
// end; a key `__proto__` vanishes in the first `copy[key] = value`. Such values are replaced, all others kept by
// reference: nearly every payload is plain already, and copying would cost more than the rest of the mapping.
// Integers beyond 2^53 stay numbers, as JSON.parse left them: what a destination can hold is the exporter's to know.

/** Many protobuf readers stop at 100 nested messages; OTLP spends 6 on the way to a value and 3 on each of its levels. */
const deepest = 30
const tooDeep = `[nested deeper than ${deepest} levels]`

/** The value with everything an encoder could stumble over replaced. The same reference if there is nothing. */
export function plain(value: unknown): unknown {
  return isPlain(value, 0) ? value : copyPlain(value, 0)
}

/** A value for an attribute that is a string by contract. Undefined for null and for nothing. */
export function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return undefined
  return typeof value === 'object' ? JSON.stringify(plain(value)) : String(value)
}

/** A JSON object: neither null nor an array. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A JSON object without a single key. */
export function isEmptyMap(value: unknown): boolean {
  if (!isMap(value)) return false
  for (const _ in value) return false
  return true
}

function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed()
    case 'number':
      return Number.isFinite(value)
    case 'boolean':
      return true
    case 'object':
      if (value === null) return true
      if (depth >= deepest) return false
      return Array.isArray(value) ? value.every((item) => isPlain(item, depth + 1)) : isPlainMap(value, depth)
    default:
      return false
  }
}

function isPlainMap(map: object, depth: number): boolean {
  for (const key in map) {
    if (key === '__proto__' || !key.isWellFormed()) return false
    if (!isPlain(map[key as keyof typeof map], depth + 1)) return false
  }
  return true
}

function copyPlain(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'boolean' || value === null || Number.isFinite(value)) return value
  if (typeof value !== 'object') return value === undefined ? null : String(value)
  if (depth >= deepest) return tooDeep
  return Array.isArray(value) ? value.map((item) => copyPlain(item, depth + 1)) : copyMap(value, depth)
}

function copyMap(map: object, depth: number): object {
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(map)) {
    let name = key === '__proto__' ? '_proto_' : key.toWellFormed()
    while (Object.hasOwn(copy, name)) name += '_'
    copy[name] = copyPlain(value, depth + 1)
  }
  return copy
}
