// The add-on against the events it is for: every documented action goes through the mapping and the exporter's encoder,
// and its fields are matched against the add-on's event types as Splunk would. No Splunk runs here; what is proven is that
// the files are well-formed, that every field they name exists, and that each action gets the tags of its data model.
import { readFileSync } from 'node:fs'
import { encodeEvent } from '@circleci-audit-forwarder/exporter-splunk-hec'
import { expect, test } from 'vitest'
import { mapEvent, mappingOptions } from '../../src/mapping/map.ts'
import { mapOwn } from '../../src/mapping/own.ts'
import { actions, itemOf, textWith } from '../mapping/corpus.ts'
import { ownSamples } from '../mapping/own-samples.ts'
import { confOf } from './conf.ts'

/** A field's values by name, as Splunk has them at search time. */
type Fields = ReadonlyMap<string, string>

const source = { store: 's3://acme-circleci-audit', key: 'year=2026/x', seenAt: 1_772_633_000_123 }
const options = mappingOptions('0.0.0')

interface Envelope {
  readonly sourcetype: string
  readonly event: Readonly<Record<string, unknown>>
  readonly fields: Readonly<Record<string, string>>
}

function envelopeOf(action: string, changes: object = {}): Envelope {
  const record = mapEvent(itemOf(textWith({ action, ...changes })), source, options)
  return JSON.parse(Buffer.from(encodeEvent(record, { index: 'audit' }).bytes).toString()) as Envelope
}

/** KV_MODE = json: a dotted name for each value of the event, beside the indexed fields. */
function fieldsOf({ event, fields, ...metadata }: Envelope): Fields {
  return new Map([...Object.entries(metadata), ...Object.entries(fields), ...flat(event)].map(([k, v]) => [k, `${v}`]))
}

function flat(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'object' && inner !== null ? flat(inner, `${prefix}${name}.`) : [[prefix + name, inner]],
  )
}

/** The conjunction of `field="glob"` that an event type's search is. */
function termsOf(search: string): readonly (readonly [string, RegExp])[] {
  const terms = [...search.matchAll(/(?:^| )(\w+)="([^"]*)"/g)]
  expect(terms.map(([term]) => term).join(''), 'a search of other than field="value"').toBe(search)
  const glob = (text: string) => text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return terms.map(([, field = '', value = '']) => [field, new RegExp(`^${glob(value)}$`, 'i')])
}

const eventtypes = new Map(
  [...confOf('default/eventtypes.conf')].map(([name, stanza]) => [name, termsOf(stanza.get('search') ?? '')]),
)

function tagsOf(fields: Fields): ReadonlySet<string> {
  const has = ([field, value]: readonly [string, RegExp]) => fields.has(field) && value.test(fields.get(field) ?? '')
  const matching = [...eventtypes].filter(([, terms]) => terms.every(has))
  const stanzas = confOf('default/tags.conf')
  return new Set(matching.flatMap(([name]) => [...(stanzas.get(`eventtype=${name}`)?.keys() ?? [])]))
}

const every = actions.map((action) => [action, fieldsOf(envelopeOf(action))] as const)

test('there are events of all 84 documented actions', () => {
  expect(every.length).toBeGreaterThanOrEqual(84)
})

const own = Object.values(ownSamples).map((record) => {
  const { bytes } = encodeEvent(mapOwn(record, { instance: 'audit-1', version: '0.0.0' }), { index: 'audit' })
  return fieldsOf(JSON.parse(Buffer.from(bytes).toString()) as Envelope)
})

const known = {
  'default/app.conf': /^(is_configured|is_visible|label|author|description|version|id|check_for_updates|name)$/,
  'default/props.conf': /^(SHOULD_LINEMERGE|LINE_BREAKER|TRUNCATE|KV_MODE|EVAL-\w+)$/,
  'default/eventtypes.conf': /^search$/,
  'default/tags.conf': /^(change|account|audit|authentication)$/,
  'default/fields.conf': /^INDEXED$/,
  'metadata/default.meta': /^(access|export)$/,
}

test.each(Object.entries(known))('%s has stanzas and settings that Splunk knows', (path, keys) => {
  const stanzas = confOf(path)
  expect(stanzas.size).toBeGreaterThan(0)
  for (const key of [...stanzas.values()].flatMap((stanza) => [...stanza.keys()])) expect(key).toMatch(keys)
})

test('events are read as they are sent: whole, one a line, fields by JSON', () => {
  const props = Object.fromEntries(confOf('default/props.conf').get('circleci:audit') ?? [])
  expect(props).toMatchObject({ KV_MODE: 'json', SHOULD_LINEMERGE: 'false', TRUNCATE: '0' })
  const sourcetypes = new Set([...every.map(([, fields]) => fields), ...own].map((fields) => fields.get('sourcetype')))
  expect([...confOf('default/props.conf').keys()]).toEqual([...sourcetypes])
  expect(confOf('default/props.conf').get('circleci:audit:forwarder')?.get('KV_MODE')).toBe('json')
})

test('own records belong to no data model, and have the fields that the guide searches for', () => {
  for (const fields of own) expect(tagsOf(fields)).toEqual(new Set())
  const guide = readFileSync(new URL('../../exporters/splunk-hec/README.md', import.meta.url), 'utf8')
  const account = own.find((fields) => fields.get('name') === 'circleci_audit_forwarder.control') as Fields
  const searched = [...guide.matchAll(/'own\.(\w+)'/g)].map(([, name]) => `attributes.circleci_audit_forwarder.${name}`)
  expect(searched.length).toBeGreaterThan(2)
  for (const name of searched) expect(account.has(name), name).toBe(true)
  expect(own.map((fields) => fields.get('otel.log.name'))).toContain('circleci_audit_forwarder.heartbeat')
})

test('every field that the add-on names is in what the exporter sends', () => {
  const props = confOf('default/props.conf').get('circleci:audit') ?? new Map<string, string>()
  const expressions = [...props].filter(([key]) => key.startsWith('EVAL-')).map(([, expression]) => expression)
  const named = expressions.flatMap((expression) => {
    const bare = expression.replaceAll(/"(?:[^"\\]|\\.)*"/g, '')
    return [...bare.matchAll(/\b(?!AND\b|OR\b|NOT\b)([a-z]\w*)\b(?!\s*\()/gi)].map(([, name]) => name as string)
  })
  const searched = [...eventtypes.values()].flatMap((terms) => terms.map(([field]) => field))
  const indexed = [...confOf('default/fields.conf').keys()]
  const sent = new Set(every.flatMap(([, fields]) => [...fields.keys()]))
  expect(named).toContain('change_type')
  for (const field of [...named, ...searched, ...indexed]) expect([...sent], field).toContain(field)
})

test('every tag belongs to an event type there is, and every event type but the general one has tags', () => {
  const stanzas = confOf('default/tags.conf')
  const tagged = [...stanzas.keys()].map((name) => name.replace(/^eventtype=/, ''))
  expect(tagged.toSorted()).toEqual([...eventtypes.keys()].filter((name) => name !== 'circleci_audit').toSorted())
  for (const stanza of stanzas.values()) expect(new Set(stanza.values())).toEqual(new Set(['enabled']))
})

/** By hand, from the CIM's definition of its data sets, and not from the exporter's rules. */
const accounts =
  /^(ams\.invitation|context\.(group|restriction)|group|group_member|org_member|project_group_role_grant|role_grant|user)[._]/
const runs =
  /^(build\.create|user\.logged_out|workflow\.(start|retry|schedule\.start|job\.(start|finish|scheduled|approve|context\.request)))$/

function expectedTags(action: string): readonly string[] {
  if (action === 'user.logged_in') return ['authentication']
  if (runs.test(action)) return []
  if (action.startsWith('audit_log.')) return ['audit', 'change']
  return accounts.test(action) ? ['account', 'change'] : ['change']
}

test.each(every)('%s has the tags of its data model', (action, fields) => {
  expect([...tagsOf(fields)].toSorted()).toEqual(expectedTags(action))
})

const changeFields =
  'action change_type command dest object object_category object_id result src status user vendor_product vendor_account'
const loginFields = 'action app dest signature src user'
const changeActions = ['acl_modified', 'cleared', 'created', 'deleted', 'modified', 'read', 'stopped', 'updated']

test.each(every)("%s has its data model's fields, filled with the CIM's words", (_, fields) => {
  const tags = tagsOf(fields)
  const wanted = tags.has('change') ? changeFields : tags.has('authentication') ? loginFields : ''
  for (const field of wanted.split(' ').filter(Boolean)) expect(fields.get(field), field).toBeTruthy()
  if (tags.has('change')) expect(changeActions).toContain(fields.get('action'))
  expect(['success', 'failure']).toContain(fields.get('status'))
})

test('a failed attempt is a failure in both data models', () => {
  const change = fieldsOf(envelopeOf('context.delete', { success: false }))
  expect(change.get('status')).toBe('failure')
  const login = fieldsOf(envelopeOf('user.logged_in', { success: false }))
  expect([login.get('action'), login.get('status')]).toEqual(['failure', 'failure'])
  expect([...tagsOf(login)]).toEqual(['authentication'])
})

test.each(actions)("%s begins with the CIM's fields: Splunk extracts from an event's beginning only", (action) => {
  const payload = { text: 'x'.repeat(20_000) }
  const names = Object.keys(envelopeOf(action, { payload }).event)
  expect(names.slice(-2)).toEqual(['attributes', 'circleci'])
  expect(names.slice(0, 5)).toEqual(['event_id', 'action', 'command', 'status', 'result'])
  const cim = JSON.stringify(
    Object.fromEntries(names.slice(0, -2).map((name) => [name, envelopeOf(action).event[name]])),
  )
  expect(cim.length).toBeLessThan(2_000)
})

test('an action nobody knows, and one of other spelling, are classified as far as they can be', () => {
  expect([...tagsOf(fieldsOf(envelopeOf('context-create')))]).toEqual(['change'])
  expect([...tagsOf(fieldsOf(envelopeOf('audit_log-requested')))].toSorted()).toEqual(['audit', 'change'])
  expect([...tagsOf(fieldsOf(envelopeOf('something.frobnicated')))]).toEqual([])
})
