import { createHash, createHmac } from 'node:crypto'
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { describe, expect, test } from 'vitest'
import { module } from '../../src/processors/redact.ts'
import { oddities, textWith } from '../mapping/corpus.ts'
import { everythingIn, recordOf, transformerOf } from './records.ts'

const key = 'a key of sixteen and more: 5ec4e7ca4a4e'
const hashed = (text: string): string => createHmac('sha256', key).update(text).digest('hex')
const redact = (settings: object, record: LogRecord): LogRecord => transformerOf(module, settings).transform(record)
const redactText = (settings: object, text: string): LogRecord => redact(settings, recordOf(text))
const originalOf = (settings: object, text: string): string | undefined => redactText(settings, text)[ORIGINAL]
const attributesOf = (settings: object, event: object): Readonly<Record<string, unknown>> =>
  redactText(settings, textWith(event as Record<string, unknown>)).attributes

describe('what is named goes from every part of the record', () => {
  const text = textWith({
    actor: { id: 'a-1', type: 'user', name: 'github: mallory-x' },
    payload: { note: 'mallory-x asked github: mallory-x', by: { login: 'mallory-x' } },
    metadata: { owner: 'mallory-x', 'owned by mallory-x': '1' },
    common_fields: { actor: 'github: mallory-x' },
  })

  test.each([
    { drop: ['actor.name'] },
    { mask: ['actor.name'] },
    { hash: ['actor.name'], key },
    { drop: ['user.name'] },
    { mask: ['circleci.audit.actor.name'] },
    { drop: ['actor'] },
    { mask: ['actor.*'] },
    { mask: ['**.name'] },
    { hash: ['*.name'], key },
  ])('an actor’s name, by %o', (settings) => {
    const record = redactText(settings, text)
    expect(everythingIn(record)).not.toMatch(/mallory/)
    expect(record.body).not.toMatch(/mallory/)
  })

  test('an address, and its copy', () => {
    for (const path of ['request.ip_address', 'client.address', 'common_fields.source_ip', 'request']) {
      const record = redactText({ drop: [path] }, oddities['plain']!)
      expect(everythingIn(record), path).not.toContain('203.0.113.7')
      expect(record.attributes).not.toHaveProperty('client.address')
      expect(JSON.parse(record[ORIGINAL]!)).not.toHaveProperty('common_fields.source_ip')
    }
  })

  test('a user agent, and a trace id', () => {
    const event = textWith({ payload: { user_agent: 'ua/1.0' }, request: { client_trace_id: 'trace-77' } })
    const record = redactText({ mask: ['user_agent.original', 'request.client_trace_id'] }, event)
    expect(everythingIn(record)).not.toMatch(/ua\/1\.0|trace-77/)
    expect(record.attributes['http.request.header.x-client-trace-id']).toEqual(['[redacted]'])
  })

  test('a value under any key, and in keys', () => {
    const payload = {
      status: 'grey-hat',
      note: 'is grey-hat',
      'a grey-hat b': 1,
      'grey-hat': 2,
      by: { 'grey-hat': [3] },
    }
    const record = redactText({ mask: ['payload.status'] }, textWith({ payload, metadata: { 'grey-hat': 'x' } }))
    expect(everythingIn(record)).not.toContain('grey-hat')
    expect(JSON.parse(record[ORIGINAL]!).payload).toEqual(record.attributes['circleci.audit.payload'])
  })

  test('an attribute of the resource', () => {
    const record = {
      ...recordOf('{"id":"1"}'),
      resource: resourceFromAttributes({ 'host.name': 'h-1', 'service.name': 'circleci' }),
    }
    expect(redact({ drop: ['host.name'] }, record).resource.attributes).toEqual({ 'service.name': 'circleci' })
    expect(redact({ mask: ['host.*'] }, record).resource.attributes['host.name']).toBe('[redacted]')
  })

  test('a value in the resource or in a constant attribute that an event told', () => {
    const event = recordOf(textWith({ payload: { host: 'build-host-7' } }))
    const record = {
      ...event,
      resource: resourceFromAttributes({ 'host.name': 'build-host-7' }),
      attributes: { ...event.attributes, tenant: 'of build-host-7' },
    }
    expect(everythingIn(redact({ mask: ['payload.host'] }, record))).not.toContain('build-host-7')
  })
})

describe('the original', () => {
  const plain =
    '{ "id":"1", "actor": {"name" : "github: octocat","n":12345678901234567890} ,"payload":{"x":1.50,"a":1,"a":2}}'

  test('is the very text where no rule finds anything', () => {
    expect(originalOf({ drop: ['payload.token'] }, plain)).toBe(plain)
  })

  test('stays as it was but for what is redacted: white space, digits, equal keys', () => {
    expect(originalOf({ mask: ['actor.name'] }, plain)).toBe(plain.replace('github: octocat', '[redacted]'))
    expect(originalOf({ drop: ['actor.name'] }, plain)).toBe(plain.replace('"name" : "github: octocat",', ''))
    expect(originalOf({ drop: ['actor.n'] }, plain)).toBe(plain.replace(',"n":12345678901234567890', ''))
  })

  test('is JSON after any member is dropped: the first, the last, several, all', () => {
    const text = '{"id":"1","payload":{ "a":1 , "b":[1,{"c":2}], "c" : "x" }}'
    for (const drop of [['a'], ['b'], ['c'], ['a', 'b'], ['b', 'c'], ['a', 'c'], ['a', 'b', 'c'], ['*']]) {
      const left = originalOf({ drop: drop.map((name) => `payload.${name}`) }, text)!
      const expected = JSON.parse(text)
      for (const name of drop[0] === '*' ? ['a', 'b', 'c'] : drop) delete expected.payload[name]
      expect(JSON.parse(left), drop.join()).toEqual(expected)
    }
  })

  test('equal keys are all redacted, also the one a reader would not see', () => {
    const text = '{"id":"1","actor":{"name":"first-one","name":"second"},"actor":{"name":"third-one"}}'
    expect(originalOf({ mask: ['actor.name'] }, text)).toBe(
      '{"id":"1","actor":{"name":"[redacted]","name":"[redacted]"},"actor":{"name":"[redacted]"}}',
    )
  })

  test.each([
    '{"ID":"1","ACTOR_NAME":"github: mallory-x","ACTOR_ID":"7"}',
    '{"Id":"1","Actor Name":"github: mallory-x"}',
    '{"id":"1","actor.name":"github: mallory-x"}',
    '{"id":"1","actor":{"NAME":"github: mallory-x"}}',
    '{"id":"1","actor":"{\\"name\\":\\"github: mallory-x\\"}"}',
    '{"id":"1","ACTOR":"{\\"name\\":\\"github: mallory-x\\"}"}',
    '{"id":"1","actor":{"name":"x"},"ACTOR_NAME":"github: mallory-x"}',
    '{"id":"1","act\\u006fr":{"n\\u0061me":"github: m\\u0061llory-x"}}',
    '{"id":"1","actor":[{"name":"github: mallory-x"}]}',
    '{"id":"1","actor":{"name":{"first":"github: mallory-x"}}}',
  ])('every spelling of a field is that field: %s', (text) => {
    for (const settings of [{ drop: ['actor.name'] }, { mask: ['user.name'] }, { hash: ['actor.name'], key }]) {
      const record = redactText(settings, text)
      expect(everythingIn(record)).not.toMatch(/mallory/)
      expect(() => JSON.parse(record[ORIGINAL]!)).not.toThrow()
    }
  })

  test('JSON in strings is looked into, however deep', () => {
    const deep = JSON.stringify({ password: 'hunter2-hunter2' })
    const text = textWith({ payload: { config: JSON.stringify({ inner: JSON.stringify({ inner: deep }), other: 7 }) } })
    const record = redactText({ mask: ['payload.config.inner.inner.password'] }, text)
    expect(everythingIn(record)).not.toContain('hunter2')
    const config = JSON.parse(JSON.parse(record[ORIGINAL]!).payload.config)
    expect(config.other).toBe(7)
    expect(JSON.parse(JSON.parse(config.inner).inner)).toEqual({ password: '[redacted]' })
  })

  test('a string that begins as JSON and is none is masked where a rule may be about what it holds', () => {
    const torn = '{"password":"hunter2-hun'
    expect(
      everythingIn(redactText({ drop: ['payload.config.password'] }, textWith({ payload: { config: torn } }))),
    ).not.toContain('hunter2')
    const message = '[skip ci] fix'
    expect(originalOf({ drop: ['payload.*.password'] }, textWith({ payload: { message } }))).toContain(message)
  })

  test.each(['github: octocat,203.0.113.7,"x"', '{"actor":', '"text"', '7', `${'['.repeat(300)}${']'.repeat(300)}`])(
    'that cannot be read as an event is withheld, and says so: %s',
    (original) => {
      const record = { ...recordOf('{"id":"1"}'), [ORIGINAL]: original }
      expect(redact({ drop: ['actor.name'] }, record)[ORIGINAL]).toBe(
        '[withheld by redact/x: the original is not JSON, so nobody can say what is in it]',
      )
    },
  )

  test('goes altogether by its own name', () => {
    expect(originalOf({ drop: ['log.record.original'] }, plain)).toBeUndefined()
    expect(originalOf({ mask: ['log.record.original'] }, plain)).toBe('[redacted]')
  })

  test('the sha256 is that of the line in the bucket', () => {
    const record = redactText({ drop: ['actor.name'] }, plain)
    expect(record.attributes['circleci_audit_forwarder.source.sha256']).toBe(
      createHash('sha256').update(plain).digest('hex'),
    )
    expect(record.attributes['circleci_audit_forwarder.source.redacted']).toBe(true)
  })
})

describe('what stands in the place of a value', () => {
  const settings = { hash: ['actor.id', 'payload.who', 'payload.list', 'payload.n'], key }

  test('a hash is the HMAC of the text, the same wherever it stands', () => {
    const attributes = attributesOf(settings, {
      actor: { id: '5a1b0000-0000', type: 'user', name: 'x' },
      payload: { who: '5a1b0000-0000', list: ['one', 'two'], n: 5, text: 'by 5a1b0000-0000.' },
    })
    expect(attributes).toMatchObject({
      'circleci.audit.actor.id': hashed('5a1b0000-0000'),
      'user.id': hashed('5a1b0000-0000'),
      'circleci.audit.payload': {
        who: hashed('5a1b0000-0000'),
        list: [hashed('one'), hashed('two')],
        n: hashed('5'),
        text: `by ${hashed('5a1b0000-0000')}.`,
      },
    })
  })

  test('attributes and original get the same', () => {
    const record = redactText(settings, textWith({ payload: { who: 'a "quoted"\n one', list: [{ a: 1.5 }], n: null } }))
    expect(JSON.parse(record[ORIGINAL]!).payload).toEqual(record.attributes['circleci.audit.payload'])
  })

  test('another key gives another hash', () => {
    const other = transformerOf(module, { ...settings, key: `${key}!` }).transform(recordOf(oddities['plain']!))
    expect(other.attributes['user.id']).not.toBe(redactText(settings, oddities['plain']!).attributes['user.id'])
  })

  test('where rules meet, dropping wins over masking over hashing', () => {
    const both = { mask: ['*.name'], hash: ['actor.*'], key }
    expect(attributesOf(both, {})).toMatchObject({
      'circleci.audit.actor.name': '[redacted]',
      'circleci.audit.actor.type': hashed('user'),
    })
    expect(attributesOf({ ...both, drop: ['**.name'] }, {})).not.toHaveProperty('circleci.audit.actor.name')
  })
})

describe('what stays', () => {
  test('by what a record is recognised, filed and found', () => {
    const before = recordOf(oddities['plain']!)
    const after = redact({ drop: ['**'] }, before)
    const kept = Object.keys(before.attributes).filter(
      (name) => /^log\.record|^aws|_forwarder\.source/.test(name) || /audit\.(?:action|version|success)$/.test(name),
    )
    expect(kept).toHaveLength(11)
    expect(Object.keys(after.attributes).sort()).toEqual([...kept, 'circleci_audit_forwarder.source.redacted'].sort())
    expect(after).toMatchObject({
      hrTime: before.hrTime,
      eventName: before.eventName,
      severityNumber: before.severityNumber,
      body: undefined,
    })
    const { id, action, occurred_at, version, success } = JSON.parse(oddities['plain']!)
    expect(JSON.parse(after[ORIGINAL]!)).toEqual({ id, action, occurred_at, version, success })
    expect(after.resource.attributes).toEqual({ 'service.name': 'circleci' })
  })

  test('short values and words for kinds of things, elsewhere', () => {
    const event = { actor: { id: 'u1', type: 'user', name: 'bob' }, payload: { kind: 'user', note: 'u1 bobsled' } }
    const attributes = attributesOf({ mask: ['actor'] }, event)
    expect(attributes['circleci.audit.payload']).toEqual({ kind: 'user', note: 'u1 bobsled' })
    expect(attributes['circleci.audit.target.type']).toBe('context')
  })

  test('a value of four to seven characters goes as a word, not as a part of one', () => {
    const event = {
      actor: { id: 'a', type: 'user', name: 'github: mona' },
      payload: { note: 'monastery, (mona) mona-2' },
    }
    expect(attributesOf({ mask: ['actor.name'] }, event)['circleci.audit.payload']).toEqual({
      note: 'monastery, ([redacted]) [redacted]-2',
    })
  })

  test('names of documented fields, whatever the value is called', () => {
    const event = {
      organization: { id: 'o-1', type: 'organization', name: 'organization' },
      metadata: { organization: 'x' },
    }
    const record = redactText({ mask: ['organization.name'] }, textWith(event))
    expect(JSON.parse(record[ORIGINAL]!)).toHaveProperty('organization.name', '[redacted]')
    expect(record.attributes).toHaveProperty(['circleci.audit.organization.name'], '[redacted]')
  })

  test('a record in which nothing is found is the very record', () => {
    const record = recordOf(oddities['plain']!)
    expect(redact({ drop: ['payload.password', '**.email'] }, record)).toBe(record)
  })
})
