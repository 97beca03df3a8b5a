// A working week at an invented organisation, as audit events: twelve or so pipelines a day, a nightly build, and now and
// then somebody who changes a secret, a role or a setting. Made from a seed, so the same on every machine.
// Payloads have only keys that CircleCI documents or shows; all addresses are of ranges reserved for documentation.

const monday = Date.UTC(2026, 10, 9)
const hour = 3_600_000
const minute = 60_000

/** Nothing was delivered, and nothing will be, for what happened in these hours of a busy Thursday. */
export const hole = { from: monday + 82 * hour - 10 * minute, to: monday + 86 * hour } as const

export interface StoryEvent {
  /** When it happened, in milliseconds since 1970; the text has nine digits. */
  readonly at: number
  readonly id: string
  readonly text: string
}

/** mulberry32: small, and the same in every engine. */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }

  /** A whole number below `n`. */
  below(n: number): number {
    return Math.floor(this.next() * n)
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!
  }

  hex(digits: number): string {
    return Array.from({ length: digits }, () => this.below(16).toString(16)).join('')
  }

  uuid(): string {
    return `${this.hex(8)}-${this.hex(4)}-4${this.hex(3)}-a${this.hex(3)}-${this.hex(12)}`
  }
}

interface Person {
  readonly id: string
  readonly type: string
  readonly name: string
  readonly address?: string
}

interface Act {
  readonly at: number
  readonly action: string
  readonly actor: Person
  readonly target: { readonly id: string; readonly type: string; readonly name: string }
  readonly payload?: Record<string, unknown>
  readonly success?: boolean
}

/** A UUID told from others by four digits and a number. */
const id = (kind: string, n: number) => `${kind}0000-0000-4000-8000-${String(n).padStart(12, '0')}`
const person = (n: number, login: string, address: string): Person => ({
  id: id('0a1c', n),
  type: 'user',
  name: `github: ${login}`,
  address,
})
const thing = (type: string, kind: string, n: number, name: string) => ({
  id: id(kind, n),
  type,
  name,
})

const octocat = person(1, 'octocat', '203.0.113.7')
const backend = person(2, 'backend-dev', '198.51.100.24')
const frontend = person(3, 'frontend-dev', '2001:db8:17::42')
const releaseBot = person(4, 'release-bot', '203.0.113.200')
const admin = person(5, 'platform-admin', '198.51.100.3')
const system: Person = { id: id('0000', 0), type: 'system', name: 'system' }

const acme = thing('organization', '0ac3', 1, 'acme')
const web = thing('project', '0b0b', 1, 'acme/web')
const api = thing('project', '0b0b', 2, 'acme/api')
const infra = thing('project', '0b0b', 3, 'acme/infra')
const prod = thing('context', '0c0c', 1, 'aws-prod')
const staging = thing('context', '0c0c', 2, 'aws-staging')
const npm = thing('context', '0c0c', 3, 'npm-publish')

function secretsAccessed(at: number, actor: Person, target: Act['target'], success = true): Act {
  const titles = target === npm ? 'NPM_TOKEN' : 'AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY'
  const payload = { context_id: target.id, context_name: target.name, environment_variable_titles: titles }
  return { at, action: 'context.secrets.accessed', actor, target, payload, success }
}

function pipeline(dice: Dice, start: number): Act[] {
  const actor = dice.pick([octocat, octocat, backend, backend, frontend, frontend, releaseBot])
  const project = dice.pick([web, api, infra])
  const workflow = {
    id: dice.uuid(),
    type: 'workflow',
    name: dice.pick(['build-and-test', 'build-and-test', 'deploy']),
  }
  const byApi = actor === releaseBot ? { 'trigger-source': 'api' } : {}
  const acts: Act[] = [
    {
      at: start,
      action: 'trigger_event.create',
      actor,
      target: project,
      payload: { ...byApi, 'config-source': 'vcs' },
    },
    { at: start + 900, action: 'workflow.start', actor, target: workflow },
  ]
  let at = start + 1500
  for (const name of workflow.name === 'deploy' ? ['deploy'] : dice.pick([['lint', 'test'], ['test']])) {
    const job = { id: dice.uuid(), type: 'job', name }
    acts.push({ at, action: 'workflow.job.start', actor: system, target: job })
    if (name === 'deploy') {
      acts.push({ at: at + 200, action: 'workflow.job.context.request', actor, target: job })
      acts.push(secretsAccessed(at + 700, actor, dice.pick([prod, staging, npm])))
    }
    at += 30_000 + dice.below(4 * minute)
    acts.push({ at, action: 'workflow.job.finish', actor: system, target: job })
  }
  return acts
}

function nightly(dice: Dice, day: number): Act[] {
  const start = day + 2 * hour + dice.below(5000)
  const workflow = { id: dice.uuid(), type: 'workflow', name: 'nightly' }
  const job = { id: dice.uuid(), type: 'job', name: 'audit-dependencies' }
  return [
    { at: start, action: 'workflow.schedule.start', actor: system, target: workflow },
    { at: start + 800, action: 'workflow.start', actor: system, target: workflow },
    { at: start + 2000, action: 'workflow.job.start', actor: system, target: job },
    { at: start + 9 * minute + dice.below(minute), action: 'workflow.job.finish', actor: system, target: job },
  ]
}

const user = (person: Person) => ({ id: person.id, type: 'user', name: person.name })
const group = thing('group', '0d0d', 1, 'release-managers')
const orb = thing('orb', '0e0e', 1, 'acme/deploy')
const settingsOf = (context: Act['target']) => ({ target: context, payload: { context_name: context.name } })

/** The acts worth a look, by day of the week and time of day. */
const occasions: readonly (readonly [day: number, time: string, act: Omit<Act, 'at'>])[] = [
  [0, '08:12', { action: 'project.follow', actor: frontend, target: web }],
  [0, '09:31', { action: 'context.env_var.store', actor: admin, ...settingsOf(staging) }],
  [0, '09:32', { action: 'context.env_var.delete', actor: admin, ...settingsOf(staging) }],
  [0, '11:05', { action: 'webhook.create', actor: backend, target: thing('webhook', '0f0f', 1, 'chat') }],
  [0, '14:40', { action: 'project.env_var.create', actor: backend, target: api }],
  [0, '16:20', { action: 'workflow.cancel', actor: octocat, target: thing('workflow', '0f1f', 1, 'build-and-test') }],
  [1, '08:50', { action: 'schedule.create', actor: admin, target: thing('schedule', '0f2f', 1, 'nightly') }],
  [1, '10:15', { action: 'group_member.add', actor: admin, target: group }],
  [1, '10:16', { action: 'role_grant.update', actor: admin, target: user(releaseBot) }],
  [1, '13:02', { action: 'orb.publish.dev', actor: backend, target: orb }],
  [1, '13:48', { action: 'orb.publish.release', actor: backend, target: orb }],
  [1, '15:33', { action: 'workflow.retry', actor: frontend, target: thing('workflow', '0f1f', 2, 'build-and-test') }],
  [2, '08:05', { action: 'checkout-key.create', actor: octocat, target: infra }],
  [2, '09:44', { action: 'context.create', actor: admin, ...settingsOf(npm) }],
  [2, '09:45', { action: 'context.restriction.create', actor: admin, ...settingsOf(npm) }],
  [2, '09:47', { action: 'context.env_var.store', actor: admin, ...settingsOf(npm) }],
  [2, '11:20', { action: 'project.api_token.create', actor: backend, target: api }],
  [2, '12:01', { action: 'trigger.create', actor: frontend, target: web }],
  [2, '14:11', { action: 'project.settings.update', actor: octocat, target: web }],
  [2, '16:55', { action: 'project.ssh_key.create', actor: octocat, target: infra }],
  [3, '08:33', { action: 'ams.invitation.created', actor: admin, target: acme }],
  [3, '09:20', { action: 'project.env_var.copy', actor: backend, target: infra }],
  [3, '14:25', { action: 'context.restriction.delete', actor: octocat, ...settingsOf(prod) }],
  [3, '14:31', { action: 'organization.settings.update', actor: octocat, target: acme }],
  [3, '15:10', { action: 'audit_log.requested', actor: admin, target: acme }],
  [3, '15:18', { action: 'audit_log.download_url.generated', actor: admin, target: acme }],
  [4, '08:15', { action: 'org_member.remove', actor: admin, target: user(octocat) }],
  [4, '08:16', { action: 'role_grant.delete', actor: admin, target: user(octocat) }],
  [4, '08:22', { action: 'checkout-key.delete', actor: admin, target: infra }],
  [4, '08:24', { action: 'project.ssh_key.delete', actor: admin, target: infra }],
  [4, '08:40', { action: 'context.restriction.create', actor: admin, ...settingsOf(prod) }],
  [4, '09:05', { action: 'context.env_var.store', actor: admin, ...settingsOf(prod) }],
  [4, '13:30', { action: 'project.unfollow', actor: frontend, target: api }],
]

/** Two attempts that should stand out: secrets refused, and a pipeline whose configuration nobody reviewed. */
const alarms: readonly Act[] = [
  { ...secretsAccessed(monday + 3 * 24 * hour + 14 * hour + 36 * minute, octocat, prod, false) },
  {
    at: monday + 3 * 24 * hour + 14 * hour + 38 * minute,
    action: 'trigger_event.create',
    actor: octocat,
    target: infra,
    payload: { 'trigger-source': 'api, vscode', 'config-source': 'api' },
  },
]

/** Every event of the week outside the hole, in the order of time. */
export function week(seed: number): readonly StoryEvent[] {
  const dice = new Dice(seed)
  const acts: Act[] = [...alarms]
  for (let n = 0; n < 5; n++) {
    const day = monday + n * 24 * hour
    acts.push(...nightly(dice, day))
    for (let slot = 0; slot < 15; slot++) {
      acts.push(...pipeline(dice, day + 8 * hour + slot * 36 * minute + dice.below(30 * minute)))
    }
  }
  for (const [day, time, act] of occasions) {
    acts.push({ ...act, at: monday + day * 24 * hour + Date.parse(`1970-01-01T${time}:00Z`) + dice.below(50_000) })
  }
  return acts
    .filter(({ at }) => at < hole.from || at >= hole.to)
    .sort((a, b) => a.at - b.at)
    .map((act) => written(dice, act))
}

function written(dice: Dice, { at, action, actor, target, payload = {}, success = true }: Act): StoryEvent {
  const { address, ...who } = actor
  const digits = String(dice.below(1e6)).padStart(6, '0')
  const occurred = `${new Date(at).toISOString().slice(0, 23)}${digits}Z`
  const account = { id: acme.id, type: 'account', name: acme.name }
  const event = {
    id: dice.uuid(),
    version: 1,
    action,
    occurred_at: occurred,
    actor: who,
    target,
    scope: account,
    organization: acme,
    account,
    success,
    ...(address === undefined ? {} : { request: { id: `1-${dice.hex(8)}-${dice.hex(24)}`, ip_address: address } }),
    payload,
    metadata: {},
    common_fields: {
      outcome: success ? 'success' : 'failure',
      ...(address === undefined ? {} : { source_ip: address }),
      status: 'info',
      timestamp: occurred,
    },
  }
  return { at, id: event.id, text: JSON.stringify(event) }
}
