// One scene: a folder of its own, the parts that play in it, and every forwarder that ran in it. When it closes, all of
// them are stopped by their ids, the folder goes, and everything any of them ever said is searched for secrets.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import type { StatusDocument } from '../../../src/admin/status.ts'
import { freePort } from '../../tools/free-port.ts'
import { Aws } from './aws.ts'
import { type AuditFile, Corpus } from './corpus.ts'
import { Destination, type Vendor } from './destination.ts'
import { Forwarder, type Launch } from './forwarder.ts'
import { Refusing } from './refusing.ts'
import { Secrets } from './secrets.ts'

let scenes = process.pid % 4096

export interface Plan {
  readonly receiver: object
  readonly exporters: Readonly<Record<string, object>>
  readonly service?: Readonly<Record<string, unknown>>
  /** Whether exporters get own records. Without a word they do not: cases count audit events. */
  readonly ownRecords?: boolean
  readonly processors?: Readonly<Record<string, object>>
  /** Without them, one pipeline to all exporters. */
  readonly pipelines?: Readonly<Record<string, object>>
  /** `service.admin`, given its address. */
  readonly admin?: (endpoint: string) => object
  /** `service.telemetry.logs`. */
  readonly logs?: object
}

export class Scene {
  readonly folder: string
  readonly secrets: Secrets = new Secrets()
  readonly corpus: Corpus
  readonly configPath: string
  readonly #parts: { stop(): Promise<unknown> }[] = []
  readonly #forwarders: Forwarder[] = []
  #admin = ''
  #metrics = ''

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `forwarder-e2e-${name}-`))
    this.configPath = join(this.folder, 'config.yaml')
    scenes += 1
    this.corpus = new Corpus(`${(0xa00 + (scenes % 0x5ff)).toString(16)}${Date.now().toString(16).slice(-5)}`)
  }

  get adminUrl(): string {
    return `http://${this.#admin}`
  }

  get metricsUrl(): string {
    return `http://${this.#metrics}`
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async destination(kind: Vendor, args: readonly string[] = []): Promise<Destination> {
    const destination = await Destination.start(kind, args)
    this.#parts.push(destination)
    return destination
  }

  /** Something else that is to be stopped when the scene closes. */
  add<Part extends { stop(): Promise<unknown> }>(part: Part): Part {
    this.#parts.push(part)
    return part
  }

  /** A destination that refuses everything and quotes it. */
  async refusing(): Promise<Refusing> {
    const refusing = await Refusing.start()
    this.#parts.push(refusing)
    return refusing
  }

  async aws(): Promise<Aws> {
    const aws = await Aws.start()
    this.#parts.push(aws)
    return aws
  }

  /** Puts objects into a folder that stands in for a bucket, and waits until they count as settled. */
  async putInFolder(files: readonly AuditFile[]): Promise<object> {
    for (const { key, body } of files) {
      mkdirSync(dirname(join(this.folder, 'bucket', key)), { recursive: true })
      writeFileSync(join(this.folder, 'bucket', key), body)
    }
    await sleep(2_050)
    return { store: { directory: { path: this.path('bucket') } } }
  }

  /** Writes the configuration, with ports of its own. */
  async configure(plan: Plan): Promise<void> {
    const { receiver, processors = {}, exporters, service = {}, admin, logs = { format: 'json' } } = plan
    const all = { logs: { receivers: ['circleci_audit'], exporters: Object.keys(exporters) } }
    this.#admin = `127.0.0.1:${await freePort()}`
    this.#metrics = `127.0.0.1:${await freePort()}`
    const config = {
      receivers: { circleci_audit: { start_at: 'beginning', ...receiver } },
      processors,
      exporters: Object.fromEntries(
        Object.entries(exporters).map(([id, settings]) => [id, { ...settings, own_records: plan.ownRecords ?? false }]),
      ),
      service: {
        ledger: { sqlite: { path: this.path('ledger.db') } },
        admin: admin?.(this.#admin) ?? { endpoint: this.#admin },
        telemetry: { metrics: { endpoint: this.#metrics }, logs },
        stop_timeout: '10s',
        ...service,
        pipelines: plan.pipelines ?? all,
      },
    }
    writeFileSync(this.configPath, stringify(config))
  }

  /** Starts the program with this command and the scene's configuration. */
  start(args: readonly string[] = ['run'], launch: Partial<Launch> & { readonly config?: string } = {}): Forwarder {
    return this.#launch({ ...launch, args: [...args, '--config', launch.config ?? this.configPath] }, this.secrets.env)
  }

  /** Starts the program with these arguments and no more. Of the scene's credentials it has those of the cloud. */
  startExactly(args: readonly string[], env: Readonly<Record<string, string>>): Forwarder {
    const cloud = Object.entries(this.secrets.env).filter(([name]) => name.startsWith('AWS_'))
    return this.#launch({ args, env }, Object.fromEntries(cloud))
  }

  #launch(launch: Partial<Launch> & { readonly args: readonly string[] }, credentials: Launch['env']): Forwarder {
    const env = { ...credentials, AWS_EC2_METADATA_DISABLED: 'true', ...launch.env }
    const forwarder = new Forwarder({ ...launch, env })
    this.#forwarders.push(forwarder)
    return forwarder
  }

  /** `run --once`, to its end. */
  async runOnce(code = 0, timeout = '60s'): Promise<Forwarder> {
    const forwarder = this.start(['run', '--once', '--timeout', timeout])
    await forwarder.mustExit(code)
    return forwarder
  }

  /** `status --json`, from the ledger. */
  async status(): Promise<StatusDocument> {
    const forwarder = this.start(['status', '--json'])
    await forwarder.mustExit(0)
    return JSON.parse(forwarder.stdout) as StatusDocument
  }

  /** A page of the running forwarder: its status code and body. What it shows is searched for secrets. */
  async page(url: string, headers: Readonly<Record<string, string>> = {}): Promise<{ status: number; body: string }> {
    const answer = await fetch(url, { headers })
    const body = await answer.text()
    this.secrets.mustNotBeIn(url, body)
    return { status: answer.status, body }
  }

  /** Stops everything, looks for secrets, and removes the folder. */
  async close(): Promise<void> {
    for (const forwarder of this.#forwarders) forwarder.destroy()
    await Promise.all(this.#forwarders.map(({ exited }) => exited))
    await Promise.all(this.#parts.map((part) => part.stop()))
    if (process.env['E2E_SHOW'] !== undefined) for (const { stderr } of this.#forwarders) process.stderr.write(stderr)
    try {
      this.#searchForSecrets()
    } finally {
      rmSync(this.folder, { recursive: true, force: true })
    }
  }

  #searchForSecrets(): void {
    const leaks = this.#forwarders.flatMap((forwarder) => forwarder.leaks)
    if (leaks.length > 0) throw new Error(`what a forwarder says holds a credential: ${leaks.slice(0, 5).join('\n')}`)
    for (const name of ['ledger.db', 'ledger.db-wal']) {
      this.secrets.mustNotBeIn(name, contents(this.path(name)))
    }
  }
}

function contents(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
