// What a value that OTLP cannot carry becomes, the same for both encodings. One bad number would otherwise make a
// receiver refuse the whole request: the Collector answers 400 to `{"doubleValue":null}` and to integers beyond int64.
// Rejected: leaving such values out, because an audit record must show that something was there.

/** Deeper nesting is carried as JSON text. Receivers have limits of their own, and so has the stack. */
export const deepest = 32

const beyondInt64 = 2 ** 63

/**
 * A number that OTLP has no value for, as text: NaN, the infinities, integers beyond int64. Undefined when it is sound.
 * Such integers become a string. Source: https://opentelemetry.io/docs/specs/otel/common/attribute-type-mapping/.
 */
export function unsoundNumber(value: number): string | undefined {
  if (Number.isInteger(value)) return value >= -beyondInt64 && value < beyondInt64 ? undefined : String(value)
  return Number.isFinite(value) ? undefined : String(value)
}

/** A string, or nothing: names and versions may be anything at run time. */
export function stringOr(value: unknown, other: string): string {
  return typeof value === 'string' ? value : other
}

/** int64 holds it. */
export function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value
}

/** Objects with a meaning of their own, as something plain. Others are returned as they are. */
export function plainObject(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString()
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [keyText(key), item]))
  if (value instanceof Set) return [...value]
  return value
}

/** Stands for what would not end or lies too deep. */
export function cutShort(value: object, path: readonly object[]): string | undefined {
  if (path.includes(value)) return '[circular]'
  if (path.length < deepest) return undefined
  try {
    return JSON.stringify(value) ?? '[too deep]'
  } catch {
    return '[too deep]'
  }
}

/** Seconds and nanoseconds that make a time between 1970 and 2554, else the OTLP word for "unknown": zero. */
export function soundTime(time: readonly [number, number]): readonly [number, number] {
  const seconds = whole(time[0])
  const nanos = whole(time[1])
  const sound = seconds >= 0 && seconds < 18_446_744_073 && nanos >= 0 && nanos < 1e9
  return sound ? [seconds, nanos] : [0, 0]
}

function whole(value: unknown): number {
  return typeof value === 'number' ? Math.trunc(value) : Number.NaN
}

/** A count or a flag that is no uint32 is none. */
export function uint32(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff ? value : undefined
}

/**
 * OTLP knows severities 0 to 24. Another number is none: receivers read it as a 32-bit enum and refuse what is larger.
 * Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber.
 */
export function severity(value: unknown): number | undefined {
  const number = uint32(value)
  return number !== undefined && number <= 24 ? number : undefined
}

/** Trace and span ids are hexadecimal; anything else would make the request unreadable. */
export function hexId(value: unknown, digits: 16 | 32): string | undefined {
  return typeof value === 'string' && value.length === digits && /^[0-9a-f]+$/i.test(value) ? value : undefined
}

/** A map's key as text. An object that cannot be made one (its toString is none) goes by what it is. */
function keyText(key: unknown): string {
  try {
    return String(key)
  } catch {
    return '[object]'
  }
}
