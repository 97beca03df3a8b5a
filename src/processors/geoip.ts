// Where the client's address is, and whose it is, from databases in MaxMind's format. They are opened by the caller and
// may be replaced while this runs; it is the one processor whose output is not the same for ever.
//
// Several databases complete each other (City and ASN): the first one that knows an attribute decides. Private addresses
// are in no database of the internet, and a database that has them anyway would be wrong about this network.

import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { z } from 'zod'
import { withAdded } from './added.ts'
import { addressText, isPublic, parseAddress } from './geoip/address.ts'
import { placeOf } from './geoip/place.ts'
import type { Databases, Lookup, ProcessorModule, Transformer } from './processor.ts'

export const schema = z.strictObject({
  databases: z
    .array(z.string().min(1).max(4096))
    .min(1)
    .max(8)
    .refine((paths) => new Set(paths).size === paths.length, { error: 'names a file a second time' })
    .meta({
      description:
        'Paths of `.mmdb` files in the layout of MaxMind (City, Country, ASN, ISP, Connection-Type, Enterprise). Where two know the same thing, the first decides. A replaced file is opened within a minute or two; if it cannot be read, the old one stays in use and the log says so.',
    }),
})

export type GeoIpSettings = z.output<typeof schema>

/** Adds what the databases know about `client.address`. What the record says already stays. */
export class GeoIp implements Transformer {
  readonly kind = 'transformer'
  readonly name: string
  readonly #lookups: readonly Lookup[]

  constructor(name: string, { databases }: GeoIpSettings, opened: Databases) {
    this.name = name
    this.#lookups = databases.map((path) => opened.lookup(path))
  }

  transform(record: LogRecord): LogRecord {
    const client = record.attributes['client.address']
    const address = typeof client === 'string' ? parseAddress(client) : undefined
    if (address === undefined || !isPublic(address)) return record
    const text = addressText(address)
    const found: Record<string, string | number> = {}
    for (const lookup of this.#lookups) {
      const place = placeOf(lookup(text))
      for (const name in place) if (!Object.hasOwn(record.attributes, name)) found[name] ??= place[name] as string
    }
    return Object.keys(found).length === 0 ? record : withAdded(record, found)
  }
}

export const module: ProcessorModule<typeof schema> = {
  type: 'geoip',
  schema,
  files: ({ databases }) => databases,
  create: (name, settings, databases) => new GeoIp(name, settings, databases),
}
