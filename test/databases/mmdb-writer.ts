// Databases in MaxMind's format, for tests: https://maxmind.github.io/MaxMind-DB/. Small and slow: every entry is written
// where it is used, no pointers. Networks are written in full, IPv4 ones as `::a.b.c.d` in a database of IPv6.
import { type Address, parseAddress } from '../../src/processors/geoip/address.ts'

export interface MmdbOptions {
  readonly kind?: string
  readonly recordSize?: 24 | 28 | 32
  readonly ipVersion?: 4 | 6
  /** Seconds since 1970. */
  readonly builtAt?: number
}

/** The bytes of a database with these entries by network, e.g. `81.2.69.0/24`. Networks must not overlap. */
export function mmdbOf(entries: Readonly<Record<string, unknown>>, options: MmdbOptions = {}): Buffer {
  const { kind = 'Test-City', recordSize = 28, ipVersion = 6, builtAt = 1_780_000_000 } = options
  const root = new Node()
  const data: Buffer[] = []
  let size = 0
  for (const [network, value] of Object.entries(entries)) {
    root.put(bitsOf(network, ipVersion), size)
    const bytes = encoded(value)
    data.push(bytes)
    size += bytes.length
  }
  const nodes = root.all()
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: BigInt(builtAt),
    database_type: kind,
    description: { en: 'for tests' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordSize,
  }
  const marker = Buffer.concat([Buffer.from('abcdef', 'hex'), Buffer.from('MaxMind.com')])
  return Buffer.concat([treeOf(nodes, recordSize), Buffer.alloc(16), ...data, marker, encoded(metadata)])
}

class Node {
  readonly sides: (Node | number | undefined)[] = [undefined, undefined]

  put([bit = 0, ...rest]: readonly number[], offset: number): void {
    if (rest.length === 0) {
      this.sides[bit] = offset
      return
    }
    const below = this.sides[bit] ?? new Node()
    if (!(below instanceof Node)) throw new Error('networks overlap')
    this.sides[bit] = below
    below.put(rest, offset)
  }

  all(): readonly Node[] {
    return [this, ...this.sides.flatMap((side) => (side instanceof Node ? side.all() : []))]
  }
}

function treeOf(nodes: readonly Node[], recordSize: number): Buffer {
  const number = (side: Node | number | undefined): number => {
    if (side instanceof Node) return nodes.indexOf(side)
    return side === undefined ? nodes.length : nodes.length + 16 + side
  }
  return Buffer.concat(nodes.map(({ sides }) => nodeBytes(number(sides[0]), number(sides[1]), recordSize)))
}

function nodeBytes(left: number, right: number, recordSize: number): Buffer {
  const bits = (BigInt(left) << BigInt(recordSize)) | BigInt(right)
  const bytes = Buffer.from(bits.toString(16).padStart(recordSize / 2, '0'), 'hex')
  if (recordSize !== 28) return bytes
  // The middle byte holds the upper four bits of both.
  const node = Buffer.alloc(7)
  node.writeUIntBE(left & 0xffffff, 0, 3)
  node[3] = ((left >> 24) << 4) | (right >> 24)
  node.writeUIntBE(right & 0xffffff, 4, 3)
  return node
}

function bitsOf(network: string, ipVersion: number): readonly number[] {
  const [text = '', length = ''] = network.split('/')
  const address = parseAddress(text)
  if (address === undefined) throw new Error(`${network} is no network`)
  const wide = address.length === 4 && ipVersion === 6
  const bits = [...new Array<number>(wide ? 96 : 0).fill(0), ...bitsIn(address)]
  return bits.slice(0, Number(length) + (wide ? 96 : 0))
}

function bitsIn(address: Address): readonly number[] {
  const width = address.length === 4 ? 8 : 16
  return address.flatMap((part) => [...part.toString(2).padStart(width, '0')].map(Number))
}

function encoded(value: unknown): Buffer {
  if (typeof value === 'string') return withHead(2, Buffer.from(value), Buffer.byteLength(value))
  if (typeof value === 'boolean') return withHead(14, Buffer.alloc(0), value ? 1 : 0)
  if (typeof value === 'bigint') return unsigned(9, value)
  if (typeof value === 'number')
    return Number.isInteger(value) && value >= 0 ? unsigned(6, BigInt(value)) : double(value)
  if (Array.isArray(value)) return withHead(11, Buffer.concat(value.map(encoded)), value.length)
  const members = Object.entries(value as object)
  return withHead(7, Buffer.concat(members.flatMap(([key, item]) => [encoded(key), encoded(item)])), members.length)
}

function unsigned(type: number, value: bigint): Buffer {
  const hex = value === 0n ? '' : value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return withHead(type, bytes, bytes.length)
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return withHead(3, bytes, 8)
}

function withHead(type: number, bytes: Buffer, size: number): Buffer {
  const [small, more] =
    size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 255]]
  const head = type > 7 ? [small, type - 7, ...more] : [(type << 5) | small, ...more]
  return Buffer.concat([Buffer.from(head), bytes])
}

/** What a City database says about an address in London. */
export const london = {
  continent: { code: 'EU', names: { en: 'Europe' } },
  country: { iso_code: 'GB', names: { en: 'United Kingdom' } },
  subdivisions: [{ iso_code: 'ENG' }],
  city: { names: { de: 'London', en: 'London' } },
  postal: { code: 'EC1A' },
  location: { latitude: 51.5142, longitude: -0.0931, time_zone: 'Europe/London' },
}

/** What ASN and ISP databases say about the same. */
export const provider = {
  autonomous_system_number: 20_712,
  autonomous_system_organization: 'Andrews & Arnold Ltd',
  isp: 'Andrews & Arnold Ltd',
  organization: 'STONEHOUSE office network',
}
