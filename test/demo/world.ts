// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language of the configuration
// A local world: a bucket and a queue that speak AWS's protocols, five destinations that speak their vendors' and count
// what they get, CircleCI writing an object every few seconds, and the real forwarder between them. All of it can be
// disturbed while it runs. Nothing leaves this machine.

import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Aws } from '../e2e/stage/aws.ts'
import type { AuditFile } from '../e2e/stage/corpus.ts'
import type { Destination, Vendor } from '../e2e/stage/destination.ts'
import { hec, otlp } from '../e2e/stage/exporters.ts'
import type { Forwarder } from '../e2e/stage/forwarder.ts'
import { Scene } from '../e2e/stage/scene.ts'
import { tally } from '../e2e/stage/tally.ts'
import { csv, firstColumns } from '../receiver/csv/rows.ts'

/** The five, by the id the forwarder knows them by. */
export const vendors = {
  clickhouse: 'clickhouse',
  splunk_hec: 'hec',
  datadog: 'datadog',
  rapid7: 'rapid7',
  otlp_http: 'otlp',
} as const satisfies Record<string, Vendor>

export type Name = keyof typeof vendors
export const names = Object.keys(vendors) as readonly Name[]

/** What one destination holds, against what was made. */
export interface Line {
  readonly destination: Name
  readonly delivered: number
  readonly repeats: number
  /** Made, readable in the bucket or imported, and not there. */
  readonly missing: number
}

export interface Account {
  readonly made: number
  /** Events in objects that are held back: nobody can have them yet. */
  readonly heldBack: number
  /** Events that never came to the bucket and were not imported either. */
  readonly swallowed: number
  readonly lines: readonly Line[]
}

export interface WorldOptions {
  /** CircleCI writes an object this often, in milliseconds. */
  readonly everyMs: number
  /** Whether what happens is said. */
  say(text: string): void
}

export class World {
  readonly #scene: Scene
  readonly #options: WorldOptions
  readonly #aws: Aws
  readonly #destinations: ReadonlyMap<Name, Destination>
  readonly #down = new Set<Name>()
  readonly #made: AuditFile[] = []
  #held: AuditFile[] = []
  #swallowed: AuditFile[] = []
  #mode: 'flowing' | 'held' | 'swallowed' = 'flowing'
  #announcing = true
  #forwarder: Forwarder
  #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()

  static async open(options: WorldOptions): Promise<World> {
    const scene = new Scene('demo')
    const aws = await scene.aws()
    const destinations = new Map<Name, Destination>()
    for (const name of names) destinations.set(name, await scene.destination(vendors[name]))
    await scene.configure({
      receiver: { ...aws.settings(), start_at: 'now', sweep: { interval: '10s', lookback: '1h' } },
      exporters: exporters((name) => destinations.get(name) as Destination),
      ownRecords: true,
      logs: { level: 'warn', format: 'json' },
    })
    const forwarder = scene.start()
    await serving(scene, forwarder)
    return new World(scene, options, aws, destinations, forwarder)
  }

  private constructor(
    scene: Scene,
    options: WorldOptions,
    aws: Aws,
    destinations: ReadonlyMap<Name, Destination>,
    forwarder: Forwarder,
  ) {
    this.#scene = scene
    this.#options = options
    this.#aws = aws
    this.#destinations = destinations
    this.#forwarder = forwarder
    this.#timer = setInterval(() => this.#write(), options.everyMs)
  }

  /** Where the forwarder's page is. */
  get page(): string {
    return `${this.#scene.adminUrl}/`
  }

  isDown(name: Name): boolean {
    return this.#down.has(name)
  }

  /** Takes a destination down: its port refuses connections. Or brings it back. */
  async toggle(name: Name): Promise<void> {
    const destination = this.#destinations.get(name) as Destination
    if (this.#down.delete(name)) await destination.open()
    else {
      this.#down.add(name)
      await destination.shut()
    }
    this.#options.say(`${name} is ${this.isDown(name) ? 'down: its connections are refused' : 'back'}`)
  }

  /** CircleCI's objects are kept from the bucket, or all come at once. */
  async holdBack(): Promise<void> {
    if (this.#mode === 'held') {
      this.#mode = 'flowing'
      const late = this.#held.splice(0)
      await this.#put(late)
      this.#options.say(`${late.length} objects come late`)
      return
    }
    this.#mode = 'held'
    this.#options.say('objects are held back: the bucket falls silent')
  }

  /** CircleCI writes nothing any more, and what it should have written is only in its own records. Or it writes again. */
  swallow(): void {
    this.#mode = this.#mode === 'swallowed' ? 'flowing' : 'swallowed'
    this.#options.say(
      this.#mode === 'swallowed'
        ? 'events are swallowed: they never reach the bucket'
        : 'events reach the bucket again',
    )
  }

  /** Objects are put, and nobody is told. Or they are announced again. */
  withhold(): void {
    this.#announcing = !this.#announcing
    this.#options.say(
      this.#announcing ? 'objects are announced again' : 'notifications are withheld: only the sweep finds objects',
    )
  }

  /** Ends the forwarder as a power switch does, and starts it anew. */
  async kill(): Promise<void> {
    this.#forwarder.kill('SIGKILL')
    await this.#forwarder.exited
    this.#options.say('the forwarder was killed (kill -9), and starts again')
    this.#forwarder = this.#scene.start()
    await serving(this.#scene, this.#forwarder)
  }

  /** What an administrator does when events are missing: downloads the CSV of that time, and imports it. */
  async import(): Promise<string> {
    await this.#writing
    const path = this.#scene.path('audit-log.csv.gz')
    writeFileSync(path, gzipSync(asCsv(this.#made)))
    this.#options.say(`importing ${path}: ${this.#events(this.#made)} events that CircleCI knows of`)
    const command = this.#scene.start(['import', path])
    const { code } = await command.exited
    if (code !== 0) throw new Error(`import ended with ${code}: ${command.stderr}`)
    this.#swallowed = []
    return command.stdout + command.stderr
  }

  /** Kinds of the gaps that are open. */
  async openGaps(): Promise<readonly string[]> {
    const status = JSON.parse((await this.#scene.page(`${this.#scene.adminUrl}/api/status`)).body)
    const gaps = status.gaps as readonly { kind: string; state: string }[]
    return gaps.filter(({ state }) => state === 'open').map(({ kind }) => kind)
  }

  async account(): Promise<Account> {
    const out = new Set([...this.#held, ...this.#swallowed].flatMap(({ ids }) => ids))
    const wanted = this.#made.flatMap(({ ids }) => ids).filter((id) => !out.has(id))
    const lines = names.map(async (destination): Promise<Line> => {
      const { missing, repeats } = tally(wanted, await (this.#destinations.get(destination) as Destination).ids())
      const doubled = [...repeats.values()].reduce((sum, times) => sum + times, 0)
      return { destination, delivered: wanted.length - missing.length, repeats: doubled, missing: missing.length }
    })
    return {
      made: this.#events(this.#made),
      heldBack: this.#events(this.#held),
      swallowed: this.#events(this.#swallowed),
      lines: await Promise.all(lines),
    }
  }

  /** No more objects; everything that was disturbed works again; waits until everybody has everything, or `patienceMs`. */
  async settle(patienceMs: number): Promise<Account> {
    clearInterval(this.#timer)
    await this.#writing
    for (const name of this.#down) await this.toggle(name)
    if (this.#mode === 'held') await this.holdBack()
    const end = Date.now() + patienceMs
    for (;;) {
      const account = await this.account()
      if (account.lines.every(({ missing }) => missing === 0) || Date.now() > end) return account
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#writing
    if (this.#forwarder.running) await this.#forwarder.stop()
    await this.#scene.close()
  }

  #events(files: readonly AuditFile[]): number {
    return files.reduce((sum, { ids }) => sum + ids.length, 0)
  }

  #write(): void {
    const file = this.#scene.corpus.file(Date.now(), 1 + (this.#made.length % 5))
    this.#made.push(file)
    if (this.#mode === 'held') this.#held.push(file)
    else if (this.#mode === 'swallowed') this.#swallowed.push(file)
    else this.#writing = this.#writing.then(() => this.#put([file]))
  }

  async #put(files: readonly AuditFile[]): Promise<void> {
    await this.#aws.put(files)
    if (this.#announcing) await this.#aws.announce(files)
  }
}

/** Its page answers. It says so itself only once it has caught up, which takes as long as a destination is down. */
function serving(scene: Scene, forwarder: Forwarder): Promise<void> {
  const answers = (): Promise<boolean> =>
    scene.page(`${scene.adminUrl}/`).then(
      ({ status }) => status === 200,
      () => false,
    )
  return forwarder.until('its page answers', answers)
}

/** All that a row of the file can say. */
const columns = [...firstColumns, 'organization', 'account', 'common_fields']

function asCsv(files: readonly AuditFile[]): string {
  const lines = files.flatMap(({ body }) => body.trimEnd().split('\n'))
  return csv(
    lines.map((line) => JSON.parse(line)),
    columns,
  )
}

function exporters(at: (name: Name) => Destination): Readonly<Record<Name, object>> {
  const retry = { initial_interval: '500ms', max_interval: '3s' }
  const same = (name: Name) => ({ endpoint: at(name).endpoint, retry, batch: { linger: '50ms' } })
  return {
    clickhouse: { ...same('clickhouse'), username: 'forwarder', password: '${env:CLICKHOUSE_PASSWORD}' },
    splunk_hec: hec(at('splunk_hec')),
    datadog: { ...same('datadog'), api_key: '${env:DATADOG_KEY}' },
    rapid7: { ...same('rapid7'), token: '${env:RAPID7_TOKEN}' },
    otlp_http: otlp(at('otlp_http')),
  }
}
