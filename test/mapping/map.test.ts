import { ORIGINAL, recordId } from '@circleci-audit-forwarder/contract'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuditEvent, DecodedItem } from '../../src/domain/event.ts'
import { eventId, eventTime } from '../../src/mapping/identity.ts'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { itemOf, oddities, textWith } from './corpus.ts'

const options = mappingOptions('1.2.3')
const source = { store: 's3://acme-audit', key: 'year=2026/month=03/day=04/hour=14/k', seenAt: 1772633000123 }
const map = (text: string) => mapEvent(itemOf(text, 3, 700), source, options)

/** A record as bytes, property order included. */
const bytes = (record: ReturnType<typeof map>) => JSON.stringify({ ...record, resource: record.resource.attributes })

const fields = [
  ...['id', 'version', 'action', 'occurred_at', 'actor', 'target', 'scope', 'organization', 'account', 'success'],
  ...[
    'request',
    'payload',
    'metadata',
    'common_fields',
    'surprise',
    'actor.id',
    '__proto__',
    'toString',
    'constructor',
  ],
]
const text = fc.string({ unit: 'binary', maxLength: 20 })
const json = fc.oneof(fc.jsonValue({ maxDepth: 4 }), text, fc.constantFrom(true, 'true', '', 'infinite', -0, null))
const party = fc.dictionary(fc.oneof(fc.constantFrom('id', 'type', 'name', 'toString', '__proto__'), text), json)
const wild = fc.array(fc.tuple(fc.constantFrom(...fields), fc.oneof(json, party)), { maxLength: 14 })
const odd = wild.map((pairs) => {
  const members = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value) ?? 'null'}`)
  return `{${members.join(',')}}`.replace('"infinite"', '1e999')
})

function isSound(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'boolean' || value === null) return true
  if (Array.isArray(value)) return value.every(isSound)
  if (typeof value !== 'object') return false
  return Object.entries(value).every(([key, inner]) => key !== '__proto__' && key.isWellFormed() && isSound(inner))
}

test('any JSON becomes a record that any encoder can write, and the same one each time', () => {
  fc.assert(
    fc.property(odd, (line) => {
      const record = map(line)
      expect(bytes(map(line))).toBe(bytes(record))
      expect(Object.entries(record.attributes).filter(([, value]) => !isSound(value))).toEqual([])
      expect(Object.keys(record.attributes).every((key) => key.isWellFormed())).toBe(true)
      expect(recordId(record)).toBe(eventId(itemOf(line)))
      expect(record.eventName).toMatch(/^circleci\.audit\.[a-z0-9]+(\.[a-z0-9]+)*$/)
      expect(record.body).not.toMatch(/[\n\r\u2028]|^$/)
      expect(Object.getPrototypeOf(record.attributes)).toBe(Object.prototype)
    }),
    { numRuns: 2000 },
  )
})

test('values that no JSON text gives do not throw either', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...fields), fc.anything({ withBigInt: true, withNullPrototype: true })),
      (event) => {
        const item = { from: 0, to: 2, offset: 0, line: 1, sha256: 'ab', text: '{}', event: event as AuditEvent }
        mapEvent(item, source, options)
      },
    ),
    { numRuns: 1000 },
  )
})

test('documented attributes have one type, whatever came', () => {
  const types: Record<string, string> = { 'circleci.audit.version': 'number', 'circleci.audit.success': 'boolean' }
  const typed =
    /^(log\.record\.uid|circleci\.audit\.(version|success|action|(actor|target|scope|organization|account)\.(id|type|name)|request\.id)|client\.address|user\.(id|name)|error\.type)$/
  fc.assert(
    fc.property(odd, (line) => {
      for (const [name, value] of Object.entries(map(line).attributes)) {
        if (typed.test(name)) expect(typeof value, name).toBe(types[name] ?? 'string')
      }
    }),
    { numRuns: 1000 },
  )
})

test('nothing the event says is missing from the record', () => {
  const record = map(
    textWith({ region: 'eu', metadata: { team: 'infra' }, actor: { id: 'a', type: 'user', name: 'n', via: 'sso' } }),
  )
  expect(record.attributes).toMatchObject({
    'circleci.audit.region': 'eu',
    'circleci.audit.metadata.team': 'infra',
    'circleci.audit.actor.via': 'sso',
    'circleci.audit.payload': { context_name: 'aws-prod' },
    'circleci.audit.request.id': '1-65e5d1c3',
    'client.address': '203.0.113.7',
    'http.request.header.x-client-trace-id': ['trace-7'],
  })
})

test('beyond the bound, fields are counted as dropped and the original keeps them', () => {
  const record = map(oddities['too much metadata']!)
  expect(record.droppedAttributesCount).toBe(2)
  expect(Object.keys(record.attributes).filter((key) => key.startsWith('circleci.audit.metadata.'))).toHaveLength(128)
  expect(record[ORIGINAL]).toContain('"k129":"v129"')
})

test('an unknown field never passes for a documented one', () => {
  const { attributes } = map(textWith({ 'actor.id': 'forged', 'target.id': 7, target: undefined, actor_id: 'second' }))
  expect(attributes['circleci.audit.actor.id']).toBe('5a1b0000-0000-4000-8000-000000000001')
  expect(attributes).not.toHaveProperty(['circleci.audit.target.id'])
  expect(attributes).toMatchObject({
    'circleci.audit.actor_id': 'forged',
    'circleci.audit.actor_id_': 'second',
    'circleci.audit.target_id': 7,
  })
})

test('__proto__ pollutes nothing and is not lost', () => {
  const { attributes } = map(oddities['__proto__ everywhere']!)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  expect(attributes).toMatchObject({
    'circleci.audit.metadata.__proto__': 'm',
    'circleci.audit.actor.__proto__': 'x',
    'circleci.audit.__proto__': { a: 1 },
    'circleci.audit.payload': { _proto_: { polluted: true } },
  })
})

test('an unreadable time is no time, and never today', () => {
  const record = map(oddities['time unreadable']!)
  expect(record.hrTime).toEqual([0, 0])
  expect(record.attributes['circleci.audit.occurred_at.raw']).toBe('yesterday')
  expect(eventTime(itemOf(oddities['time unreadable']!), 77)).toBe(77)
  expect(eventTime(itemOf(textWith({})), 77)).toBe(1772632931123)
})

test('observed time is when the object was first seen', () => {
  expect(map('{}').hrTimeObserved).toEqual([1772633000, 123000000])
})

test('only a user is a user, only a failure is an error', () => {
  expect(map(oddities['actor type in capitals']!).attributes).toMatchObject({ 'user.id': 'a-3', 'user.name': 'mona' })
  expect(map(oddities['actor is a system']!).attributes).not.toHaveProperty(['user.id'])
  expect(map(oddities['failure as text']!).attributes['error.type']).toBe('_OTHER')
  expect(map(textWith({})).attributes).not.toHaveProperty(['error.type'])
  expect(map(oddities['success nowhere']!).attributes).not.toHaveProperty(['circleci.audit.success'])
})

test('the body is one line for people', () => {
  expect(map(textWith({})).body).toBe('octocat context.secrets.accessed context "aws-prod" success')
  expect(map('{}').body).toBe('unknown unknown')
  const long = map(textWith({ target: { name: 'x'.repeat(100_000) } }))
  expect(String(long.body).length).toBeLessThan(2000)
})

test('resource and scope are one object, so that serializers group', () => {
  const [a, b] = [map('{}'), mapEvent(itemOf(textWith({})), source, mappingOptions('1.2.3', { '*': 'info' }))]
  expect(a.resource).toBe(b.resource)
  expect(a.instrumentationScope).toBe(b.instrumentationScope)
  expect(a.resource.attributes).toEqual({ 'service.name': 'circleci' })
  expect(a.instrumentationScope).toEqual({ name: 'circleci-audit-forwarder', version: '1.2.3' })
})

test('a record says where it lay, in a bucket or on a disk', () => {
  expect(map('{}').attributes).toMatchObject({
    'aws.s3.bucket': 'acme-audit',
    'aws.s3.key': source.key,
    'circleci_audit_forwarder.source.line': 3,
    'circleci_audit_forwarder.source.offset': 700,
    'circleci_audit_forwarder.source.store': 's3://acme-audit',
    'circleci_audit_forwarder.source.key': source.key,
    'circleci_audit_forwarder.source.sha256': itemOf('{}').sha256,
  })
  const onDisk = mapEvent(itemOf('{}'), { ...source, store: 'dir:/var/audit' }, options).attributes
  expect(onDisk['log.file.path']).toBe(`/var/audit/${source.key}`)
  expect(onDisk).not.toHaveProperty(['aws.s3.key'])
})

test("the receiver's attributes are added and never replace what the event says", () => {
  const attributes = { environment: 'prod', 'circleci.audit.action': 'forged' }
  const record = mapEvent(itemOf(textWith({})), { ...source, attributes }, options)
  expect(record.attributes).toMatchObject({ environment: 'prod', 'circleci.audit.action': 'context.secrets.accessed' })
})

test('an event without a usable id is known by its text', () => {
  for (const name of ['no id', 'id is an object', 'id far too long', 'empty event']) {
    const item = itemOf(oddities[name]!)
    expect(eventId(item), name).toBe(item.sha256)
  }
  expect(eventId(itemOf(oddities['id is a number']!))).toBe('12345')
})

test('the original text survives the copies that processors make', () => {
  const line = textWith({})
  expect({ ...map(line) }[ORIGINAL]).toBe(line)
})

test('a stretch that is no event gives a record all the same', () => {
  const { event: _, ...bad }: DecodedItem = itemOf('{}')
  expect(mapEvent(bad, source, options).eventName).toBe('circleci.audit.unknown')
})
