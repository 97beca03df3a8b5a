// Secrets and certificates replaced while the program runs, wired to who uses them: destinations, signatures of Azure, the
// admin address's token, `service.ca_file`. Each looks before it uses one; a look at everything each half minute is for
// those that have nothing to do, so that the log says soon that a replacement holds, or that it cannot be used.
import type { Exporter, ExporterModule } from '@circleci-audit-forwarder/contract'
import { readAuthorities } from '../config/authorities.ts'
import { expiries } from '../config/expiry.ts'
import { type Loaded, processSources } from '../config/load.ts'
import { type Path, pathText } from '../config/problem.ts'
import { type Renewable, renewable } from '../config/renewal.ts'
import type { Config } from '../config/schema.ts'
import { valueAt } from '../config/shape.ts'
import { renewed } from '../delivery/renewed.ts'
import type { Clock } from '../domain/clock.ts'
import type { Tell } from '../telemetry/events.ts'
import type { Expiring } from '../telemetry/observing.ts'
import { notifier, openNotify } from './assemble.ts'
import { trustBeside } from './network.ts'

/** How long between two looks at everything, in milliseconds. */
const LOOK_MS = 30_000

/** How many replaced secrets stay out of every output beside those of the start. */
const HIDDEN = 100

/** A text that may be replaced, as it is now; undefined where it stands in the configuration itself, or nowhere. */
export type Current = (path: Path) => (() => string) | undefined

export class Renewals {
  readonly #loaded: Loaded
  readonly #tell: Tell
  readonly #world = { sources: processSources(), now: Date.now }
  readonly #looks: (() => void)[] = []

  readonly #exporters: ReadonlyMap<string, Renewable<Config>>
  /** How many secrets the configuration had when it was loaded. */
  readonly #first: number

  /** To be made before anything that uses a secret or a certificate. */
  constructor(loaded: Loaded, tell: Tell) {
    this.#loaded = loaded
    this.#tell = tell
    this.#first = loaded.secrets.length
    const ids = [...Object.keys(loaded.config.exporters), notifier]
    this.#exporters = new Map(ids.map((id) => [id, renewable(loaded, pathOf(id), (config) => config, this.#world)]))
    this.#watchAuthorities()
  }

  /** The destination's exporter, made anew when its secrets or certificates are. */
  exporter(id: string, first: Exporter): Exporter {
    const path = pathOf(id)
    const source = this.#exporters.get(id)
    if (source === undefined || source.fixed) return first
    let waiting: Exporter | undefined
    const look = (anyway: boolean): void => {
      const made = this.#replaced(source, path, anyway, (config) => create(id, config, this.#loaded))
      if (made === undefined) return
      void waiting?.close() // replaced before it was used
      waiting = made
    }
    this.#looks.push(() => look(false))
    return renewed(first, (anyway) => {
      look(anyway)
      const next = waiting
      waiting = undefined
      return next
    })
  }

  /** A secret text, as its file says it now. */
  readonly current: Current = (path) => {
    const source = renewable(this.#loaded, path, (config) => String(valueAt(config, path)), this.#world)
    let text = valueAt(this.#loaded.config, path)
    if (source.fixed || typeof text !== 'string') return undefined
    const look = (): string => {
      text = this.#replaced(source, path, false, (next) => next) ?? text
      return String(text)
    }
    this.#looks.push(look)
    return look
  }

  /** Looks at everything until told to stop. */
  async watch(clock: Clock, end: AbortSignal): Promise<void> {
    while (this.#looks.length > 0 && !end.aborted) {
      await clock.sleep(LOOK_MS, end)
      if (!end.aborted) this.look()
    }
  }

  /** One look at everything. Never throws. */
  look(): void {
    for (const each of this.#looks) each()
  }

  /** What ends by itself, and when. */
  expiries(): readonly Expiring[] {
    return expiries(this.#loaded, this.#world.sources, this.#world.now())
  }

  #watchAuthorities(): void {
    const path = ['service', 'ca_file']
    const file = this.#loaded.config.service.ca_file
    if (file === undefined) return
    const source = renewable(this.#loaded, path, () => file, this.#world)
    const { readFile } = this.#world.sources
    this.#looks.push(() => this.#replaced(source, path, false, () => trustBeside(readAuthorities(file, readFile))))
  }

  #hide(secrets: readonly string[]): void {
    const all = this.#loaded.secrets
    all.push(...secrets.filter((secret) => !all.includes(secret)))
    // Every line is searched for them, and a token that is replaced each hour must not make that slower for ever.
    if (all.length > this.#first + HIDDEN) all.splice(this.#first, all.length - this.#first - HIDDEN)
  }

  /** What is made of a replacement, if there is one that can be used. */
  #replaced<T, Made>(
    source: Renewable<T>,
    path: Path,
    anyway: boolean,
    make: (value: T) => Made | undefined,
  ): Made | undefined {
    const component = pathText(path)
    try {
      const read = source.renewed(anyway)
      if (read === undefined) return undefined
      this.#hide(read.secrets)
      const made = make(read.value)
      this.#tell({ type: 'credentials_renewed', component })
      return made
    } catch (error) {
      this.#tell({ type: 'credentials_unusable', component, reason: (error as Error).message })
      return undefined
    }
  }
}

/** Where the configuration has a destination; that of notices is no exporter of its own. */
function pathOf(id: string): Path {
  return id === notifier ? ['service', 'notify'] : ['exporters', id]
}

function create(id: string, config: Config, { components }: Loaded): Exporter | undefined {
  if (id === notifier) return openNotify(config)?.exporter
  const exporter = config.exporters[id]
  const module: ExporterModule | undefined = components.exporters.find(({ type }) => type === exporter?.type)
  return module?.create(exporter?.settings)
}
