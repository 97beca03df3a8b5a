// Events for the golden file: every documented action once, and one action in every oddity that is known or feared.
import { createHash } from 'node:crypto'
import type { AuditEvent, DecodedItem } from '../../src/domain/event.ts'
import { actionLevels } from '../../src/mapping/actions.ts'

/** An item as the decoder gives it, from its text. The event is parsed, so that `__proto__` is what JSON makes of it. */
export function itemOf(text: string, line = 1, offset = 0): DecodedItem {
  const sha256 = createHash('sha256').update(text).digest('hex')
  return { from: offset, to: offset + text.length, offset, line, sha256, text, event: JSON.parse(text) as AuditEvent }
}

const base = {
  id: '0b7f3c7e-6a0e-4d0c-9b35-2f4c1f0a9d11',
  version: 1,
  action: 'context.secrets.accessed',
  occurred_at: '2026-03-04T14:02:11.123456789Z',
  actor: { id: '5a1b0000-0000-4000-8000-000000000001', type: 'user', name: 'github: octocat' },
  target: { id: 'c0ffee00-0000-4000-8000-000000000002', type: 'context', name: 'aws-prod' },
  scope: { id: '9e9e0000-0000-4000-8000-000000000003', type: 'account', name: 'acme' },
  organization: { id: '9e9e0000-0000-4000-8000-000000000003', type: 'organization', name: 'acme' },
  account: { id: '9e9e0000-0000-4000-8000-000000000003', type: 'account', name: 'acme' },
  success: true,
  request: { id: '1-65e5d1c3', ip_address: '203.0.113.7', client_trace_id: 'trace-7' },
  payload: { context_id: 'c0ffee', context_name: 'aws-prod', environment_variable_titles: 'AWS_KEY,AWS_SECRET' },
  metadata: {},
  common_fields: {
    outcome: 'success',
    source_ip: '203.0.113.7',
    status: 'info',
    timestamp: '2026-03-04T14:02:11.123456789Z',
  },
}

/** The event of the corpus with some fields replaced; `undefined` removes one. */
export function textWith(changes: Record<string, unknown>): string {
  return JSON.stringify({ ...base, ...changes })
}

const small = { id: base.id, version: 1, occurred_at: base.occurred_at, actor: base.actor, success: true }

function deep(levels: number): unknown {
  let value: unknown = 'bottom'
  for (let i = 0; i < levels; i++) value = { in: value }
  return value
}

const many = Object.fromEntries(Array.from({ length: 130 }, (_, i) => [`k${i}`, `v${i}`]))

export const oddities: Readonly<Record<string, string>> = {
  plain: textWith({}),
  'empty event': '{}',
  'no actor': textWith({ actor: undefined }),
  'null everywhere': textWith({ actor: null, target: null, scope: null, request: null, payload: null, metadata: null }),
  'actor without name': textWith({ actor: { id: 'a-1', type: 'user' } }),
  'actor is a system': textWith({ actor: { id: 'a-2', type: 'system', name: 'circleci: scheduler' } }),
  'actor type in capitals': textWith({ actor: { id: 'a-3', type: 'User', name: 'bitbucket: mona' } }),
  'actor is a string': textWith({ actor: 'octocat' }),
  'actor with more fields': textWith({ actor: { ...base.actor, email: 'octocat@acme.dev', roles: ['admin', 2] } }),
  'actor id is a number': textWith({ actor: { id: 42, type: 'user', name: 'github: octocat' } }),
  emoji: textWith({ target: { id: 't', type: 'context', name: '🚀 prod “blue” 日本' } }),
  'half a surrogate': textWith({ target: { id: 't', type: 'context', name: 'a\ud83d' } }).replace('\ud83d', '\\ud83d'),
  'surrogates the wrong way round': textWith({ payload: { name: 'a<>b', '<>': 1 } }).replaceAll('<>', '\\ude80\\ud83d'),
  'line breaks in names': textWith({ actor: { id: 'a', type: 'user', name: 'octo\ncat\u2028\u0000' } }),
  '__proto__ everywhere':
    '{"id":"p-1","action":"context.create","__proto__":{"a":1},"metadata":{"__proto__":"m"},' +
    '"payload":{"__proto__":{"polluted":true},"constructor":{"prototype":1}},"actor":{"id":"a","__proto__":"x"}}',
  'toString as a field':
    '{"id":"p-2","action":{"toString":1},"success":{"toString":1},"common_fields":{"outcome":{"toString":1}}}',
  'infinite number': '{"id":"p-3","action":"context.create","payload":{"n":1e999,"m":[-1e999,{"k":-0}]}}',
  'great integer': '{"id":"p-4","action":"context.create","payload":{"n":9007199254740993,"big":1e300}}',
  'numbers that are hardly any':
    '{"id":"p-5","action":"context.create","payload":{"a":"NaN","b":-0,"c":5e-324,"d":1E2,"e":0.1000000000000000055511}}',
  'nine digits of time, all nines': textWith({ occurred_at: '2026-03-04T14:02:11.999999999Z' }),
  'deep payload': textWith({ payload: deep(40) }),
  'payload is a string': textWith({ payload: 'not json' }),
  'payload is a list': textWith({ payload: [1, 'two', null, { three: 3 }] }),
  'payload names a user agent': textWith({ payload: { user_agent: 'circleci-cli/1.0' } }),
  'request names a user agent': textWith({ request: { id: 'r', user_agent: 'curl/8', region: 'us' } }),
  'address only in common fields': textWith({ request: { id: 'r' } }),
  'IPv6 address': textWith({ request: { id: 'r', ip_address: '2001:db8::7' } }),
  'request is a string': textWith({ request: 'r-1', common_fields: undefined }),
  'metadata of mixed types': textWith({ metadata: { team: 'infra', count: 3, flag: false, none: null, o: { a: 1 } } }),
  'too much metadata': textWith({ metadata: many }),
  'metadata is a list': textWith({ metadata: ['a'] }),
  'unknown fields': textWith({ region: 'us-east-1', 'actor.id': 'not the actor', nested: { a: [1] } }),
  'new common fields': textWith({ common_fields: { ...base.common_fields, risk: 'high' } }),
  'common fields are a string': textWith({ common_fields: 'none' }),
  'success as text': textWith({ success: 'true' }),
  'failure as text': textWith({ success: 'FALSE' }),
  'success as a number': textWith({ success: 0 }),
  'success unreadable': textWith({ success: 'maybe' }),
  'success only in common fields': textWith({ success: undefined, common_fields: { outcome: 'failure' } }),
  'success nowhere': textWith({ success: undefined, common_fields: undefined }),
  'version as text': textWith({ version: '1.0' }),
  'version unreadable': textWith({ version: 'v2' }),
  'three digits of time': textWith({ occurred_at: '2017-12-21T13:50:54.474Z' }),
  'no fraction': textWith({ occurred_at: '2017-12-21T13:50:54Z' }),
  'time with an offset': textWith({ occurred_at: '2026-03-04T16:02:11.5+02:00' }),
  'time without zone': textWith({ occurred_at: '2026-03-04 14:02:11.000000001' }),
  'time with UTC': textWith({ occurred_at: '2026-03-04 14:02:11 UTC' }),
  'time in milliseconds': textWith({ occurred_at: 1772632931123 }),
  'time only in common fields': textWith({ occurred_at: undefined }),
  'time before 1970': textWith({ occurred_at: '1969-12-31T23:59:59.999999999Z' }),
  'time beyond 32 bits of seconds': textWith({ occurred_at: '2200-01-01T00:00:00.000000001Z' }),
  'time unreadable': textWith({ occurred_at: 'yesterday', common_fields: undefined }),
  'time nowhere': textWith({ occurred_at: undefined, common_fields: undefined }),
  'no id': textWith({ id: undefined }),
  'id is a number': textWith({ id: 12345 }),
  'id is an object': textWith({ id: { a: 1 } }),
  'id far too long': textWith({ id: 'x'.repeat(200) }),
  'no action': textWith({ action: undefined }),
  'empty action': textWith({ action: '' }),
  'action without a letter': textWith({ action: '…!' }),
  'action is a number': textWith({ action: 7 }),
  'action with hyphens': textWith({ action: 'workflow-job-start' }),
  'action in capitals': textWith({ action: 'Context.Secrets.Accessed' }),
  'action unknown and telling': textWith({ action: 'runner.token.created' }),
  'action unknown and destroying': textWith({ action: 'pipeline.definition.deleted' }),
  'action unknown': textWith({ action: 'pipeline.definition.viewed' }),
  'action far too long': textWith({ action: 'a.'.repeat(300) }),
  'unversioned configuration': textWith({ action: 'trigger_event.create', payload: { 'config-source': 'api' } }),
  'unversioned configuration, underscore': textWith({
    action: 'trigger-event.create',
    payload: { config_source: 'API' },
  }),
}

/** Every documented action, small: what differs by action is the event name and the severity. */
export const actions: readonly string[] = Object.keys(actionLevels)
export const actionText = (action: string, success: boolean): string => JSON.stringify({ ...small, action, success })

/**
 * Events that no file should hold as text, and that only some destinations take whole: to be used by hash, and apart from
 * the others. The name is of what is large.
 */
export const enormous: Readonly<Record<string, string>> = {
  'payload of 1 MB in many fields': textWith({ payload: Object.fromEntries(numbered(20_000, 42)) }),
  'payload of 1 MB in one text': textWith({ payload: { log: 'é"\\\n🚀'.repeat(100_000) } }),
  'payload of 3,000 levels': textWith({ payload: deep(3_000) }),
}

function numbered(count: number, width: number): readonly (readonly [string, string])[] {
  return Array.from({ length: count }, (_, n) => [`key${String(n).padStart(5, '0')}`, 'v'.repeat(width)] as const)
}
