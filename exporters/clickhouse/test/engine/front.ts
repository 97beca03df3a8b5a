// A ClickHouse server for tests: the real engine behind HTTP, in a process that can be killed and started again on the
// same data and the same port. The engine takes one data folder per process and one process per folder.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Access } from './access.ts'
import type { Fault } from './faults.ts'
import { type InsertNews, Inserts } from './inserts.ts'
import type { Order, Seen } from './server.ts'

export type { Fault } from './faults.ts'
export type { Seen } from './server.ts'

type Message =
  | { readonly kind: 'listening'; readonly port: number }
  | InsertNews
  | { readonly kind: 'done'; readonly number: number; readonly seen: readonly Seen[] }
type Plain<T> = T extends Order ? Omit<T, 'number'> : never

/** How a server is set up. */
export interface Setup {
  readonly dataDir?: string
  readonly access?: Access
  /** Settings that hold where a statement says nothing. */
  readonly profile?: Readonly<Record<string, string>>
  /** What of users.xml tells the engine's only user its rights: `<grants>`, `<databases>` with row policies. */
  readonly rights?: string
}

export class ClickHouse {
  /** What became of the inserts since the start or the last `forget`. */
  readonly inserts: Inserts = new Inserts()
  readonly #access: Access | undefined
  readonly #profile: Readonly<Record<string, string>> | undefined
  readonly #dataDir: string
  readonly #own: boolean
  /** Where the process runs. An engine takes `config.xml` from there, and from nowhere else. */
  readonly #folder: string
  #child: ChildProcess | undefined
  #port = 0
  #orders = 0

  private constructor({ dataDir, access, profile, rights }: Setup) {
    this.#access = access
    this.#profile = profile
    this.#own = dataDir === undefined
    this.#dataDir = dataDir ?? mkdtempSync(join(tmpdir(), 'clickhouse-'))
    this.#folder = mkdtempSync(join(tmpdir(), 'clickhouse-config-'))
    if (rights !== undefined) configure(this.#folder, rights)
  }

  /** Without `dataDir` a temporary folder, which `stop` removes. */
  static async start(setup: Setup = {}): Promise<ClickHouse> {
    const front = new ClickHouse(setup)
    await front.restart()
    return front
  }

  /** The same in all its lives. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get dataDir(): string {
    return this.#dataDir
  }

  /** Starts the server again, on the data that is there. */
  async restart(): Promise<void> {
    const options = JSON.stringify({
      path: this.#dataDir,
      port: this.#port,
      access: this.#access,
      profile: this.#profile,
    })
    const child = fork(join(import.meta.dirname, 'server.ts'), [options], {
      execArgv: [],
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child = child
    child.on('message', (message: Message) => message.kind === 'insert' && this.inserts.hear(message))
    this.#port = await new Promise<number>((resolve, reject) => {
      child.on('message', (message: Message) => message.kind === 'listening' && resolve(message.port))
      child.once('exit', (code, signal) => reject(new Error(`the engine ended at start: ${signal ?? code}`)))
    })
  }

  /** `kill -9`. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    this.#child = undefined
    // What it said last is in the channel, and the channel's end comes after it.
    const gone = Promise.all([once(child, 'exit'), once(child, 'disconnect')])
    child.kill('SIGKILL')
    await gone
    this.inserts.killed()
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
    if (this.#own) rmSync(this.#dataDir, { recursive: true, force: true })
  }

  /** What happens to the next statements, each fault once. */
  async fault(...faults: readonly Fault[]): Promise<void> {
    await this.#order({ kind: 'faults', faults })
  }

  /** Drops faults that have not happened, and what was seen. */
  async forget(): Promise<void> {
    await this.#order({ kind: 'forget' })
    this.inserts.forget()
  }

  /** Statements that are held are carried out. */
  async release(): Promise<void> {
    await this.#order({ kind: 'release' })
  }

  /** Statements since the start or the last `forget`. */
  async seen(): Promise<readonly Seen[]> {
    return (await this.#order({ kind: 'seen' })).seen
  }

  /** Rows of a query's answer; nothing for a statement without an answer. Rejects with the server's words. */
  async query<Row = unknown>(sql: string): Promise<readonly Row[]> {
    const { user = 'default', password = '' } = this.#access ?? {}
    const answer = await fetch(`${this.url}/?default_format=JSONEachRow`, {
      method: 'POST',
      headers: { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password, connection: 'close' },
      body: sql,
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Row]))
  }

  #order(order: Plain<Order>): Promise<Extract<Message, { kind: 'done' }>> {
    const child = this.#child
    if (child === undefined) throw new Error('the server is not running')
    const number = ++this.#orders
    return new Promise((resolve) => {
      const listen = (message: Message): void => {
        if (message.kind !== 'done' || message.number !== number) return
        child.off('message', listen)
        resolve(message)
      }
      child.on('message', listen)
      child.send({ ...order, number })
    })
  }
}

function configure(folder: string, rights: string): void {
  const users = join(folder, 'users.xml')
  writeFileSync(join(folder, 'config.xml'), `<clickhouse><users_config>${users}</users_config></clickhouse>`)
  const user = `<password/><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota>${rights}`
  const sections = `<profiles><default/></profiles><quotas><default/></quotas><users><default>${user}</default></users>`
  writeFileSync(users, `<clickhouse>${sections}</clickhouse>`)
}
