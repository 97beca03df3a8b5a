import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'

export interface Corpus {
  readonly name: string
  readonly path: string
  readonly objects: number
  readonly events: number
  /** Decompressed bytes. */
  readonly bytes: number
}

const start = Date.parse('2026-03-02T08:00:00Z')
const actions = ['workflow.job.start', 'workflow.job.finish', 'context.secrets.accessed', 'project.settings.update']

/** A folder in CircleCI's layout: `objects` objects of about `bytes` decompressed bytes each, gzip, events of about 1 KB. */
export function makeCorpus(folder: string, name: string, objects: number, bytes: number): Corpus {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  let events = 0
  let total = 0
  for (let object = 0; object < objects; object += 1) {
    const lines: string[] = []
    let size = 0
    while (size < bytes) {
      const line = `${JSON.stringify(event(events, start + object * 60_000))}\n`
      lines.push(line)
      size += line.length
      events += 1
    }
    total += size
    write(path, start + object * 60_000, Buffer.from(lines.join('')))
  }
  return { name, path, objects, events, bytes: total }
}

function write(path: string, time: number, body: Buffer): void {
  const stamp = new Date(time).toISOString().slice(0, 19)
  const [date = '', clock = ''] = stamp.split('T')
  const [year, month, day] = date.split('-')
  const sha1 = createHash('sha1').update(body).digest('hex')
  const key = `year=${year}/month=${month}/day=${day}/hour=${clock.slice(0, 2)}/${stamp}_${sha1}`
  mkdirSync(dirname(join(path, key)), { recursive: true })
  writeFileSync(join(path, key), gzipSync(body, { level: 6 }))
}

/** An event of about 1 KB, with the entropy of the real thing: ids, hashes, addresses. */
export function event(number: number, time: number): unknown {
  const id = uuid(`event ${number}`)
  const user = number % 50
  const scope = { id: uuid('acme'), type: 'organization', name: 'acme' }
  return {
    id,
    version: 1,
    action: actions[number % actions.length],
    occurred_at: `${new Date(time + (number % 60_000)).toISOString().slice(0, 23)}${String(number % 1e6).padStart(6, '0')}Z`,
    actor: { id: uuid(`user ${user}`), type: 'user', name: `github: user-${user}` },
    target: { id: uuid(`target ${number % 400}`), type: 'job', name: `job-${number % 400}` },
    scope,
    organization: scope,
    account: { ...scope, type: 'account' },
    success: number % 20 !== 0,
    request: {
      id: uuid(`request ${number}`),
      ip_address: `203.0.113.${number % 250}`,
      client_trace_id: uuid(`trace ${number}`),
    },
    payload: {
      context_id: uuid(`context ${number % 30}`),
      context_name: `context-${number % 30}`,
      environment_variable_titles: 'AWS_KEY,AWS_SECRET',
      note: uuid(`note ${number}`),
    },
    metadata: { workflow: uuid(`workflow ${number % 900}`) },
    common_fields: { outcome: 'success', source_ip: `203.0.113.${number % 250}`, status: 'info' },
  }
}

function uuid(of: string): string {
  const hex = createHash('sha1').update(of).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
