// A local world: a bucket and a queue that speak AWS's protocols, five destinations that speak their vendors' and count
// what they get, CircleCI writing an object every second, and the real forwarder between them. All of it can be
// disturbed while it runs. Time runs faster there (`calendar.ts`). Nothing leaves this machine.

import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import type { Aws } from '../e2e/stage/aws.ts'
import type { AuditFile } from '../e2e/stage/corpus.ts'
import type { Destination, Vendor } from '../e2e/stage/destination.ts'
import type { Forwarder } from '../e2e/stage/forwarder.ts'
import { Scene } from '../e2e/stage/scene.ts'
import { tally } from '../e2e/stage/tally.ts'
import { until } from '../e2e/stage/until.ts'
import { Calendar, FLOWING, SILENT } from './calendar.ts'
import { asCsv } from './download.ts'
import { gapsOnPage, type Places, type ShownGap, seenIn } from './gaps.ts'
import { history, plan } from './stream.ts'

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

/** What becomes of what CircleCI writes. */
type Mode = 'flowing' | 'held' | 'swallowed'

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
  readonly #calendar: Calendar
  readonly #destinations: ReadonlyMap<Name, Destination>
  readonly #down = new Set<Name>()
  readonly #made: AuditFile[] = []
  #held: AuditFile[] = []
  #swallowed: AuditFile[] = []
  #mode: Mode = 'flowing'
  #announcing = true
  #forwarder: Forwarder
  #timer: NodeJS.Timeout
  #writing: Promise<void> = Promise.resolve()

  static async open(options: WorldOptions): Promise<World> {
    const scene = new Scene('demo')
    const aws = await scene.aws()
    const destinations = new Map<Name, Destination>()
    for (const name of names) destinations.set(name, await scene.destination(vendors[name]))
    await aws.put(history(scene.corpus, Date.now()))
    await scene.configure(plan(aws, (name) => destinations.get(name) as Destination))
    const calendar = new Calendar(scene.path('calendar'), (ms) => aws.setClock(ms))
    const forwarder = scene.start(['run'], calendar.launch)
    await serving(scene, forwarder)
    return new World(scene, options, aws, calendar, destinations, forwarder)
  }

  private constructor(
    scene: Scene,
    options: WorldOptions,
    aws: Aws,
    calendar: Calendar,
    destinations: ReadonlyMap<Name, Destination>,
    forwarder: Forwarder,
  ) {
    this.#scene = scene
    this.#options = options
    this.#aws = aws
    this.#calendar = calendar
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
      this.#turn('flowing')
      const late = this.#held.splice(0)
      await this.#put(late)
      this.#options.say(`${late.length} objects come late`)
      return
    }
    this.#turn('held')
    this.#options.say('objects are held back: the bucket falls silent, and time runs')
  }

  /** CircleCI writes nothing any more, and what it should have written is only in its own records. Or it writes again. */
  swallow(): void {
    this.#turn(this.#mode === 'swallowed' ? 'flowing' : 'swallowed')
    this.#options.say(
      this.#mode === 'swallowed'
        ? 'events are swallowed: they never reach the bucket, and time runs'
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
    this.#forwarder = this.#scene.start(['run'], this.#calendar.launch)
    await serving(this.#scene, this.#forwarder)
  }

  /** What an administrator does when events are missing: downloads the CSV of that time, and imports it. */
  async import(): Promise<string> {
    await this.#writing
    const path = this.#scene.path('audit-log.csv.gz')
    writeFileSync(path, gzipSync(asCsv(this.#made)))
    this.#options.say(`importing ${path}: ${this.#events(this.#made)} events that CircleCI knows of`)
    const command = this.#scene.start(['import', path], this.#calendar.launch)
    const { code } = await command.exited
    if (code !== 0) throw new Error(`import ended with ${code}: ${command.stderr}`)
    this.#swallowed = []
    return command.stdout + command.stderr
  }

  /** Waits until a gap of this kind is open, and says it. */
  async opened(kind: string): Promise<ShownGap> {
    const isIt = (gap: ShownGap) => gap.kind === kind && gap.state === 'open'
    const gap = await this.#gap(`a gap is open: ${kind}`, undefined, isIt)
    this.#options.say(`a gap is open: ${gap.kind}; ${gap.evidence}`)
    return gap
  }

  /** Waits until a gap is shown wherever an operator looks. */
  async shown(gap: ShownGap): Promise<void> {
    const wanted = 4
    await until(`${gap.kind} is shown everywhere`, async () => (await seenIn(this.#places, gap)).length === wanted)
    this.#options.say(`it is shown by: ${(await seenIn(this.#places, gap)).join(', ')}`)
  }

  /** Waits until it is known where a gap ends: the stream goes on. */
  async ended({ id }: ShownGap): Promise<void> {
    await this.#gap(`the end of gap ${id} is known`, id, ({ to }) => to !== null)
  }

  /** Waits until it is over. Resolves to why. */
  async closed({ id }: ShownGap): Promise<string> {
    const { closedBecause } = await this.#gap(`gap ${id} is over`, id, (gap) => gap.closedBecause !== null)
    this.#options.say(`the gap is closed: ${closedBecause}`)
    return closedBecause ?? ''
  }

  async #gap(what: string, id: string | undefined, isIt: (gap: ShownGap) => boolean): Promise<ShownGap> {
    let found: ShownGap | undefined
    await this.#forwarder.until(what, async () => {
      found = (await gapsOnPage(this.#places)).find((gap) => (id === undefined || gap.id === id) && isIt(gap))
      return found !== undefined
    })
    return found as ShownGap
  }

  get #places(): Places {
    const splunk = this.#destinations.get('splunk_hec') as Destination
    return { scene: this.#scene, splunk, calendar: this.#calendar }
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
    if (this.#mode === 'swallowed') this.swallow()
    const end = Date.now() + patienceMs
    for (;;) {
      const account = await this.account()
      if (account.lines.every(({ missing }) => missing === 0) || Date.now() > end) return account
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#calendar.stop()
    await this.#writing
    if (this.#forwarder.running) await this.#forwarder.stop()
    await this.#scene.close()
  }

  #events(files: readonly AuditFile[]): number {
    return files.reduce((sum, { ids }) => sum + ids.length, 0)
  }

  #turn(mode: Mode): void {
    this.#mode = mode
    this.#calendar.pace = mode === 'flowing' ? FLOWING : SILENT
  }

  #write(): void {
    const file = this.#scene.corpus.file(this.#calendar.now(), 1 + (this.#made.length % 5))
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
