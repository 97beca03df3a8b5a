import type { LogRecord } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { addressText, isPublic, parseAddress } from '../../src/processors/geoip/address.ts'
import { placeOf } from '../../src/processors/geoip/place.ts'
import { module } from '../../src/processors/geoip.ts'
import type { Databases } from '../../src/processors/processor.ts'
import { london, provider } from '../databases/mmdb-writer.ts'
import { itemOf, textWith } from '../mapping/corpus.ts'

const recordOf = (address: unknown): LogRecord =>
  mapEvent(
    itemOf(textWith({ request: { ip_address: address }, common_fields: undefined })),
    { store: 's3://acme', key: 'k', seenAt: 1 },
    mappingOptions('0.0.0'),
  )

/** Databases whose files are maps from address to entry. */
function databases(files: Readonly<Record<string, Readonly<Record<string, unknown>>>>): Databases {
  return { lookup: (path) => (address) => files[path]?.[address] }
}

const files = {
  'city.mmdb': { '81.2.69.142': london, '2a02:6b8:0:0:0:0:0:1': { country: { iso_code: 'RU' } } },
  'isp.mmdb': { '81.2.69.142': { ...provider, connection_type: 'Cable/DSL' } },
}
const geoip = (...paths: string[]) => module.create('geoip', { databases: paths }, databases(files))
const added = (address: unknown, ...paths: string[]) => {
  const before = recordOf(address)
  const processor = geoip(...paths)
  if (processor.kind !== 'transformer') throw new Error('no transformer')
  const after = processor.transform(before).attributes
  return Object.fromEntries(Object.entries(after).filter(([name]) => !Object.hasOwn(before.attributes, name)))
}

test('a City and an ISP database complete each other', () => {
  expect(added('81.2.69.142', 'city.mmdb', 'isp.mmdb')).toEqual({
    'geo.continent.code': 'EU',
    'geo.country.iso_code': 'GB',
    'geo.region.iso_code': 'GB-ENG',
    'geo.locality.name': 'London',
    'geo.postal_code': 'EC1A',
    'geo.location.lat': 51.5142,
    'geo.location.lon': -0.0931,
    'client.as.number': 20_712,
    'client.as.organization': 'Andrews & Arnold Ltd',
    'circleci_audit_forwarder.client.isp': 'Andrews & Arnold Ltd',
    'circleci_audit_forwarder.client.connection_type': 'Cable/DSL',
  })
})

test('an Enterprise database has the provider among its traits', () => {
  expect(placeOf({ traits: { ...provider, user_type: 'business', connection_type: 'Corporate' } })).toEqual({
    'client.as.number': 20_712,
    'client.as.organization': 'Andrews & Arnold Ltd',
    'circleci_audit_forwarder.client.isp': 'Andrews & Arnold Ltd',
    'circleci_audit_forwarder.client.connection_type': 'Corporate',
    'circleci_audit_forwarder.client.user_type': 'business',
  })
})

test('where two databases know the same, the first decides', () => {
  const two = databases({ a: { '1.1.1.1': { country: { iso_code: 'AU' } } }, b: { '1.1.1.1': london } })
  const processor = module.create('geoip', { databases: ['a', 'b'] }, two)
  if (processor.kind !== 'transformer') throw new Error('no transformer')
  const { attributes } = processor.transform(recordOf('1.1.1.1'))
  expect(attributes).toMatchObject({ 'geo.country.iso_code': 'AU', 'geo.locality.name': 'London' })
})

test('however an address is written, it is the same address', () => {
  expect(added('2A02:6B8::1', 'city.mmdb')).toEqual({ 'geo.country.iso_code': 'RU' })
  expect(added('::ffff:81.2.69.142', 'isp.mmdb')).toMatchObject({ 'client.as.number': 20_712 })
})

test.each([
  ...['10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '127.0.0.1', '169.254.169.254', '100.64.0.1'],
  ...['0.0.0.0', '224.0.0.1', '255.255.255.255', '198.18.0.1', '::1', '::', 'fe80::1', 'fc00::1', 'fd12::7', 'ff02::1'],
  ...['::ffff:10.0.0.1', 'example.com', '81.2.69.142:443', '[2a02:6b8::1]', 'fe80::1%eth0', '81.2.69', '1.2.3.4.5'],
  ...['081.2.69.142', '256.1.1.1', ' 81.2.69.142', '', '2a02:::1', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', '12345::'],
])('no database is asked about %s', (address) => {
  const asked: string[] = []
  const every: Databases = { lookup: () => (one) => asked.push(one) && london }
  const record = recordOf(address)
  const processor = module.create('geoip', { databases: ['x'] }, every)
  if (processor.kind !== 'transformer') throw new Error('no transformer')
  expect(processor.transform(record)).toBe(record)
  expect(asked).toEqual([])
})

test.each([
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '100.63.0.1',
  '100.128.0.1',
  '2001:db8::7',
  '203.0.113.7',
  '192.0.1.1',
])('%s may be anywhere on the internet', (address) => {
  expect(isPublic(parseAddress(address)!)).toBe(true)
})

test('every address is read back from the text it is handed on as', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const address = parseAddress(text)
      expect(address, text).toBeDefined()
      expect(parseAddress(addressText(address!))).toEqual(address)
      expect(address?.length === 4 || new URL(`http://[${addressText(address!)}]/`).hostname).toEqual(
        address?.length === 4 || new URL(`http://[${text}]/`).hostname,
      )
    }),
  )
})

test('an address nobody knows and an event without one leave the very record', () => {
  const processor = geoip('city.mmdb')
  if (processor.kind !== 'transformer') throw new Error('no transformer')
  for (const record of [recordOf('8.8.8.8'), recordOf(undefined)]) expect(processor.transform(record)).toBe(record)
})

test('what a record says already stays', () => {
  const record = recordOf('81.2.69.142')
  const told = { ...record, attributes: { ...record.attributes, 'geo.country.iso_code': 'XX' } }
  const processor = geoip('city.mmdb')
  if (processor.kind !== 'transformer') throw new Error('no transformer')
  expect(processor.transform(told).attributes).toMatchObject({
    'geo.country.iso_code': 'XX',
    'geo.locality.name': 'London',
  })
})

test('any entry gives attributes of their types, and nothing throws', () => {
  const keys = fc.constantFrom(
    ...['country', 'iso_code', 'city', 'names', 'en', 'location', 'latitude', 'traits', 'isp', 'subdivisions'],
  )
  fc.assert(
    fc.property(fc.object({ key: keys, maxDepth: 4, withBigInt: true, withNullPrototype: true }), (entry) => {
      for (const [name, value] of Object.entries(placeOf(entry))) {
        expect(typeof value).toBe(/\.(?:lat|lon|number)$/.test(name) ? 'number' : 'string')
      }
    }),
  )
  for (const entry of [null, undefined, 7, 'x', [], Symbol('s')]) expect(placeOf(entry)).toEqual({})
})

test('all databases are to be opened before', () => {
  expect(module.files?.({ databases: ['a', 'b'] })).toEqual(['a', 'b'])
})
