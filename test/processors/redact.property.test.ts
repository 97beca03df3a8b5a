// The one promise a redactor must keep: a value that was named is nowhere. Events are random, the value is put at the
// named place and quoted at others: in longer text, in JSON inside strings, in names, keys, resource and constants.
import { type LogRecord, ORIGINAL } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rewriteJson } from '../../src/processors/redact/json-text.ts'
import { Pass } from '../../src/processors/redact/pass.ts'
import { Paths, stepsOf } from '../../src/processors/redact/paths.ts'
import { Replacement } from '../../src/processors/redact/replacement.ts'
import { Secrets } from '../../src/processors/redact/secrets.ts'
import { module } from '../../src/processors/redact.ts'
import { textWith } from '../mapping/corpus.ts'
import { everythingIn, recordOf, transformerOf } from './records.ts'

const key = 'a key of sixteen and more: 5ec4e7ca4a4e'
const names = fc.oneof(
  fc.constantFrom('a', 'b', 'token', 'config-source', 'Some Key', 'USER_ID', 'имя', '__proto__', 'constructor', 'x.y'),
  fc.string({ minLength: 1, maxLength: 6, unit: 'binary' }).filter((name) => name.isWellFormed()),
)
const json = fc.jsonValue({ maxDepth: 3 })
/** What makes the value recognisable, with all that could hide it: quotes, escapes, line ends, other scripts. */
const core = 'q7x9z3kk41'
const secret = fc
  .tuple(fc.string({ maxLength: 6, unit: 'binary' }), fc.string({ maxLength: 6, unit: 'binary' }))
  .map(([before, after]) => `${before}${core}${after}`.toWellFormed())

interface Marked {
  readonly payload: unknown
  /** Where the value lies, as a rule names it. */
  readonly path: string
}

/** A payload with the value somewhere in it, under keys and in lists, and perhaps inside JSON in strings. */
function marked(value: string): fc.Arbitrary<Marked> {
  const layer = fc.tuple(
    names,
    fc.dictionary(names, json, { maxKeys: 3 }),
    fc.constantFrom('object' as const, 'list' as const, 'string' as const),
  )
  return fc.array(layer, { minLength: 1, maxLength: 4 }).map((layers) => {
    let payload: unknown = value
    let path = ''
    for (const [name, others, kind] of layers) {
      const object = Object.fromEntries([
        ...Object.entries(others).filter(([other]) => other !== name),
        [name, payload],
      ])
      payload = kind === 'list' ? [1, object] : kind === 'string' ? JSON.stringify(object) : object
      path = `.${name.replaceAll(/[^\p{L}\p{N}]+/gu, '_')}${path}`
    }
    return { payload, path: `payload${path}` }
  })
}

const action = fc.constantFrom('drop' as const, 'mask' as const, 'hash' as const)
const quoted = fc.constantFrom(
  (value: string): object => ({ metadata: { note: `said ${value}.`, [value]: '1' } }),
  (value: string): object => ({ actor: { id: 'a', type: 'user', name: `github: ${value}` } }),
  (value: string): object => ({ target: { id: value, type: 'context', name: `the ${value}` } }),
  (value: string): object => ({ request: JSON.stringify({ ip_address: '1.2.3.4', user_agent: value }) }),
  (value: string): object => ({ unknown: [{ deep: JSON.stringify({ a: [JSON.stringify(value), value] }) }] }),
  (value: string): object => ({ common_fields: { [`x ${value}`]: value } }),
  (): object => ({}),
)

function recordWith(text: string, value: string): LogRecord {
  const record = recordOf(text)
  return {
    ...record,
    resource: resourceFromAttributes({ 'service.name': 'circleci', 'host.name': `on ${value}` }),
    attributes: { ...record.attributes, tenant: value },
  }
}

test('a named value survives in no part of the record', () => {
  const cases = secret.chain((value) => fc.tuple(fc.constant(value), marked(value), action, quoted))
  fc.assert(
    fc.property(cases, ([value, { payload, path }, how, quote]) => {
      const text = textWith({ payload, ...quote(value) })
      const record = recordWith(text, value)
      expect(everythingIn(record)).toContain(core)
      const settings = { [how]: [path], ...(how === 'hash' ? { key } : {}) }
      const redacted = transformerOf(module, settings).transform(record)
      expect(everythingIn(redacted)).not.toContain(core)
      expect(redacted.attributes['log.record.uid']).toBe(record.attributes['log.record.uid'])
      expect(() => JSON.parse(redacted[ORIGINAL]!)).not.toThrow()
    }),
    { numRuns: 600 },
  )
})

test('a named value survives in no part, wherever in the event it lies', () => {
  const place = fc.constantFrom(
    ...['actor.name', 'actor.id', 'target.name', 'scope.id', 'organization.name', 'account.name', 'request.ip_address'],
    ...['request.user_agent', 'metadata.owner', 'common_fields.source_ip', 'payload', 'surprise', 'actor.e-mail'],
  )
  const spelling = fc.constantFrom(
    (path: string[]) => path,
    (path: string[]) => path.map((step) => step.toUpperCase()),
    (path: string[]) => [path.join('_').toUpperCase()],
    (path: string[]) => [path.join('.')],
  )
  fc.assert(
    fc.property(secret, place, spelling, action, fc.boolean(), (value, path, spell, how, inText) => {
      const [first = '', ...rest] = spell(path.split('.')).toReversed()
      let event: unknown = { [first]: value }
      for (const step of rest) event = { [step]: inText ? JSON.stringify(event) : event }
      const record = recordWith(JSON.stringify({ id: '1', action: 'context.create', ...(event as object) }), value)
      const settings = { [how]: [path], ...(how === 'hash' ? { key } : {}) }
      expect(everythingIn(transformerOf(module, settings).transform(record))).not.toContain(core)
    }),
    { numRuns: 600 },
  )
})

test('redacting is the same in any run, and changes no record it is given', () => {
  fc.assert(
    fc.property(secret.chain(marked), action, ({ payload, path }, how) => {
      const record = recordOf(textWith({ payload }))
      const before = saidBy(record)
      const settings = { [how]: [path], ...(how === 'hash' ? { key } : {}) }
      const redaction = transformerOf(module, settings)
      const again = transformerOf(module, settings)
      expect(saidBy(redaction.transform(record))).toBe(saidBy(again.transform(recordOf(textWith({ payload })))))
      expect(saidBy(record)).toBe(before)
    }),
  )
})

/** What goes out, without what objects remember for themselves. */
function saidBy(record: LogRecord): string {
  return JSON.stringify([record.attributes, record.resource.attributes, record.body, record[ORIGINAL]])
}

const word = fc.constantFrom('a', 'b', 'c')
const tree = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.constantFrom<unknown>(1, 'x', null, true, '{"a":1}'), tie('map'), tie('list')),
  map: fc.dictionary(word, tie('value'), { maxKeys: 3 }),
  list: fc.array(tie('value'), { maxLength: 3 }),
}))

/** What dropping a path of plain keys means, said with parsed values. */
function without(value: unknown, [step = '', ...rest]: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => without(item, [step, ...rest]))
  if (typeof value === 'string' && value.startsWith('{')) {
    return JSON.stringify(without(JSON.parse(value), [step, ...rest]))
  }
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).flatMap(([name, below]) => {
    if (name !== step) return [[name, below]]
    return rest.length === 0 ? [] : [[name, without(below, rest)]]
  })
  return Object.fromEntries(members)
}

const space = fc.constantFrom('', ' ', '\n', '\t ', '\r\n')

test('dropping in the text is dropping in the value, whatever white space the text has', () => {
  const path = fc.array(word, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(tree.map, path, space, (value, steps, indent) => {
      const text = JSON.stringify(value, null, indent)
      const paths = new Paths([{ steps: stepsOf(steps.join('.')), action: 'drop' }])
      const rewritten = rewriteJson(text, paths.root, new Pass(paths, new Replacement(''), new Secrets()), 1)
      expect(JSON.parse(rewritten!)).toEqual(without(value, steps))
    }),
    { numRuns: 500 },
  )
})

test('masking changes the value and not one byte beside it', () => {
  const paths = new Paths([{ steps: ['needle'], action: 'mask' }])
  fc.assert(
    fc.property(json, json, json, space, (before, value, after, indent) => {
      const text = JSON.stringify({ before, needle: '@@', after }, null, indent)
      const [head = '', tail = ''] = text.split('"@@"')
      fc.pre(text.split('"@@"').length === 2 && value !== null && !Array.isArray(value))
      const given = head + JSON.stringify(value) + tail
      const pass = new Pass(paths, new Replacement(''), new Secrets())
      expect(rewriteJson(given, paths.root, pass, 1)).toBe(`${head}"[redacted]"${tail}`)
    }),
  )
})
