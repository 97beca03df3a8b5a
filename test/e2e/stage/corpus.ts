// Audit objects in CircleCI's layout: NDJSON of about a kilobyte per event, under
// `year=/month=/day=/hour=/<time>_<sha1>`. Ids are unique over a scene, actions and payloads vary, and nothing depends
// on chance, so that a failure can be repeated.
import { createHash } from 'node:crypto'

export interface AuditFile {
  readonly key: string
  readonly body: string
  readonly ids: readonly string[]
  /** The stamp in the key, in milliseconds since 1970. */
  readonly stampedAt: number
}

const organization = { id: '0ac30000-0000-4000-8000-000000000001', type: 'organization', name: 'acme' }
const account = { ...organization, type: 'account' }
const people = ['octocat', 'hubot', 'mona', 'deploy-bot', 'release-captain']
const actions = [
  'workflow.job.start',
  'workflow.job.finish',
  'workflow.job.context.request',
  'context.secrets.accessed',
  'project.env_var.create',
  'user.logged_in',
  'checkout-key.create',
  'workflow.job.scheduled',
] as const

export class Corpus {
  readonly #tag: string
  #events = 0

  /** @param tag eight hexadecimal digits that no other scene uses */
  constructor(tag: string) {
    this.#tag = tag
  }

  /** The next object, stamped with this time, with so many events in the minutes before it. */
  file(stampedAt: number, events: number): AuditFile {
    const stamp = Math.floor(stampedAt / 1000) * 1000
    const lines = Array.from({ length: events }, (_, index) => this.line(stamp - 60_000 - (events - index) * 137))
    const ids = lines.map(({ id }) => id)
    const body = lines.map(({ text }) => `${text}\n`).join('')
    return { key: keyOf(stamp, body), body, ids, stampedAt: stamp }
  }

  /** One event, without its line feed. */
  line(at: number): { readonly id: string; readonly text: string } {
    this.#events += 1
    const id = this.#uuid(this.#events, 'e')
    return { id, text: JSON.stringify(event(id, this.#events, at, (kind) => this.#uuid(this.#events, kind))) }
  }

  #uuid(index: number, kind: string): string {
    return `${this.#tag}-${kind}000-4000-8000-${index.toString(16).padStart(12, '0')}`
  }
}

/** Where CircleCI puts an object with this content, written at this time. */
export function keyOf(at: number, body: string): string {
  const stamp = new Date(at).toISOString().slice(0, 19)
  const [year, month, day, hour] = stamp.split(/[-T:]/)
  const sha = createHash('sha1').update(body).digest('hex')
  return `year=${year}/month=${month}/day=${day}/hour=${hour}/${stamp}_${sha}`
}

function event(id: string, index: number, at: number, uuid: (kind: string) => string): object {
  const action = actions[index % actions.length]
  const occurred_at = `${new Date(at).toISOString().slice(0, -1)}${String(index % 1_000_000).padStart(6, '0')}Z`
  const name = people[index % people.length]
  return {
    id,
    version: 1,
    action,
    occurred_at,
    actor: { id: uuid('a'), type: 'user', name: `github: ${name}` },
    target: { id: uuid('b'), type: 'job', name: `build-and-test-${index % 40}` },
    scope: account,
    organization,
    account,
    success: index % 17 !== 0,
    request: { id: uuid('c'), ip_address: `203.0.113.${index % 250}`, user_agent: 'Mozilla/5.0 (X11; Linux x86_64)' },
    payload: {
      job: { id: uuid('d'), number: index, name: `build-and-test-${index % 40}`, resource_class: 'medium+' },
      workflow: { id: uuid('f'), name: 'build-test-deploy', branch: `feature/audit-${index % 90}` },
      context: { id: uuid('9'), name: 'aws-production', environment_variable_titles: 'AWS_KEY,AWS_SECRET' },
      vcs: { provider: 'github', repository: 'acme/storefront', revision: index.toString(16).padStart(40, '0') },
    },
    metadata: {},
    common_fields: { outcome: 'success', status: 'info', timestamp: occurred_at },
  }
}
