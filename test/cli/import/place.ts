// A folder with a configuration, a bucket, and a file that takes everything: the whole program, called in process.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { vi } from 'vitest'
import { stringify } from 'yaml'
import { importFiles } from '../../../src/cli/import.ts'
import type { ImportOptions } from '../../../src/cli/options.ts'
import { run } from '../../../src/cli/run.ts'
import type { ImportReport } from '../../../src/pipeline/imports/report.ts'
import { keyOf } from '../../e2e/stage/corpus.ts'
import { csv, firstColumns } from '../../receiver/csv/rows.ts'

export type Event = Readonly<Record<string, unknown>> & { readonly id: string; readonly occurred_at: string }

/** Columns of a file that has all the stream has. */
export const allColumns = [...firstColumns, 'organization', 'account', 'common_fields']

/** A record as the file exporter writes it. */
export interface Written {
  readonly eventName?: string
  readonly attributes: Readonly<Record<string, unknown>>
}

export interface Printed {
  readonly code: number
  readonly out: string
  readonly err: string
}

export class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'import-'))
  readonly config = this.path('config.yaml')
  readonly exporters: Readonly<Record<string, object>>

  constructor(exporters?: Readonly<Record<string, object>>) {
    this.exporters = exporters ?? { file: { path: this.path('audit.jsonl'), batch: { linger: '10ms' } } }
    mkdirSync(this.path('bucket'))
    this.configure({})
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  configure({
    receiver = {},
    service = {},
    ...more
  }: {
    receiver?: object
    service?: object
    processors?: object
  }): void {
    const store = { directory: { path: this.path('bucket') } }
    const config = {
      receivers: { circleci_audit: { store, start_at: 'beginning', sweep: { interval: '1s' }, ...receiver } },
      exporters: this.exporters,
      ...more,
      service: {
        ledger: { sqlite: { path: this.path('ledger.db') } },
        telemetry: { logs: { level: 'error', format: 'json' }, metrics: { endpoint: '127.0.0.1:0' } },
        admin: { endpoint: '127.0.0.1:0' },
        pipelines: { logs: { receivers: ['circleci_audit'], exporters: Object.keys(this.exporters) } },
        ...service,
      },
    }
    writeFileSync(this.config, stringify(config))
  }

  /** Puts an object with these events into the bucket, stamped with this time. */
  put(at: number, events: readonly Event[]): string {
    const body = events.map((event) => `${JSON.stringify(event)}\n`).join('')
    const key = keyOf(at, body)
    const path = join(this.folder, 'bucket', key)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, body)
    return path
  }

  /** A CSV file of these events. */
  file(name: string, events: readonly Event[]): string {
    writeFileSync(this.path(name), this.text(events))
    return this.path(name)
  }

  text(events: readonly Event[]): string {
    return csv(events, allColumns)
  }

  append(name: string, text: string): void {
    appendFileSync(this.path(name), text)
  }

  /** `run --once`. */
  async once(): Promise<void> {
    const printed = await captured(() => run({ config: this.config, json: true, once: true, timeoutMs: 20_000 }))
    if (printed.code !== 0) throw new Error(`run --once ended with ${printed.code}: ${printed.err}`)
  }

  import(files: readonly string[], options: Partial<ImportOptions> = {}): Promise<Printed> {
    const common = { config: this.config, json: true, dryRun: false, acceptRepeats: false }
    return captured(() => importFiles({ ...common, files, ...options }))
  }

  /** Imports one file and must. */
  async report(file: string, options: Partial<ImportOptions> = {}): Promise<ImportReport> {
    const { code, out, err } = await this.import([file], options)
    if (code !== 0) throw new Error(`import ended with ${code}: ${err}`)
    return JSON.parse(out) as ImportReport
  }

  /** Ids that have arrived, in their order. */
  ids(name = 'audit.jsonl'): readonly string[] {
    return this.records(name).map(({ attributes }) => String(attributes['log.record.uid']))
  }

  /** Audit events that have arrived. */
  records(name = 'audit.jsonl'): readonly Written[] {
    return this.#all(name).filter(({ attributes }) => 'circleci.audit.action' in attributes)
  }

  /** What the forwarder has said of itself. */
  own(kind: string, name = 'audit.jsonl'): readonly Written[] {
    return this.#all(name).filter(({ eventName }) => eventName === `circleci_audit_forwarder.${kind}`)
  }

  #all(name: string): readonly Written[] {
    if (!existsSync(this.path(name))) return []
    const lines = readFileSync(this.path(name), 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Written)
  }

  /** What is left in the folder of staged copies. */
  staged(): readonly string[] {
    return existsSync(this.path('ledger.db.imports')) ? readdirSync(this.path('ledger.db.imports')) : []
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** What a command prints, and how it ends. */
async function captured(command: () => Promise<number>): Promise<Printed> {
  const text = { out: '', err: '' }
  const log = vi.spyOn(console, 'log').mockImplementation((line) => {
    text.out += `${line}\n`
  })
  const error = vi.spyOn(console, 'error').mockImplementation((line) => {
    text.err += `${line}\n`
  })
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((line) => {
    text.err += line
    return true
  })
  try {
    return { code: await command(), ...text }
  } finally {
    for (const spy of [log, error, stderr]) spy.mockRestore()
  }
}

/** So many events, a minute apart from a time on. */
export function eventsFrom(start: string, count: number, tag = 'a'): Event[] {
  return Array.from({ length: count }, (_, index) => {
    const number = (index + 1).toString(16).padStart(12, '0')
    const occurred_at = new Date(Date.parse(start) + index * 60_000).toISOString()
    const owner = { id: '9e9e0000-0000-4000-8000-000000000003', type: 'organization', name: 'acme' }
    return {
      id: `${tag.repeat(8).slice(0, 8)}-0000-4000-8000-${number}`,
      version: 1,
      action: 'context.env_var.store',
      occurred_at,
      actor: { id: 'u', type: 'user', name: 'github: octocat' },
      target: { id: `t-${index}`, type: 'context', name: 'say "hi", aws\nprod' },
      scope: owner,
      organization: owner,
      account: owner,
      success: index % 7 !== 0,
      request: { id: `r-${index}`, ip_address: '203.0.113.7' },
      payload: { context_name: 'aws-prod', number: index },
      metadata: {},
      common_fields: { outcome: 'success', status: 'info', timestamp: occurred_at },
    }
  })
}
