// Reading an address, and whether it is one a database could know. By hand, since this room does no I/O and Node's own
// reader lives in `node:net`; the databases' reader takes any text for an address and answers for another one.

/** An IPv4 address as four numbers, or an IPv6 address as eight. */
export type Address = readonly number[]

/** An IPv4-mapped IPv6 address is its IPv4 address. Undefined for what is no address: a host name, one with a port or zone. */
export function parseAddress(text: string): Address | undefined {
  if (text.length > 45) return undefined
  if (!text.includes(':')) return parseV4(text)
  const six = parseV6(text)
  const mapped = six?.slice(0, 6).join() === '0,0,0,0,0,65535'
  return mapped ? six?.slice(6).flatMap((pair) => [pair >> 8, pair & 255]) : six
}

/** The address in the one spelling that is handed to databases. */
export function addressText(address: Address): string {
  return address.length === 4 ? address.join('.') : address.map((pair) => pair.toString(16)).join(':')
}

/**
 * Whether the address may be anywhere on the internet: not private, shared (100.64.0.0/10), loopback, link-local,
 * multicast, unspecified or reserved. Source: IANA's special-purpose address registries (RFC 6890). Documentation
 * networks count as public, so that examples can be tried out.
 */
export function isPublic(address: Address): boolean {
  return address.length === 4 ? isPublicV4(address) : isPublicV6(address)
}

function isPublicV4([a = 0, b = 0, c = 0]: Address): boolean {
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false
  if (a === 100) return b < 64 || b > 127
  if (a === 169) return b !== 254
  if (a === 172) return b < 16 || b > 31
  if (a === 198) return b !== 18 && b !== 19
  return !(a === 192 && (b === 168 || (b === 0 && c === 0)))
}

/** Global unicast is 2000::/3; everything else is local, multicast or not given out. */
function isPublicV6([first = 0]: Address): boolean {
  return first >= 0x2000 && first <= 0x3fff
}

function parseV4(text: string): Address | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part))) return undefined
  const numbers = parts.map(Number)
  return numbers.every((number) => number <= 255) ? numbers : undefined
}

function parseV6(text: string): Address | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [left, right] = halves.map(pairsOf)
  if (left === undefined || (halves.length === 2 && right === undefined)) return undefined
  if (right === undefined) return left.length === 8 ? left : undefined
  const missing = 8 - left.length - right.length
  return missing < 1 ? undefined : [...left, ...new Array<number>(missing).fill(0), ...right]
}

/** The pairs of bytes in one half; the last two may be written as an IPv4 address. */
function pairsOf(half: string): readonly number[] | undefined {
  if (half === '') return []
  const parts = half.split(':')
  const four = parts.at(-1)?.includes('.') === true ? parseV4(parts.pop() ?? '') : []
  if (four === undefined || !parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))) return undefined
  const [a = 0, b = 0, c = 0, d = 0] = four
  return [...parts.map((part) => Number.parseInt(part, 16)), ...(four.length === 0 ? [] : [a * 256 + b, c * 256 + d])]
}
