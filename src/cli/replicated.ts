// `run` as one of several replicas: it stands by until it owns the sending, and from then on does what a forwarder does,
// until it is told to stop or the ownership is lost. Both doors are open all the while: a replica that stands by is
// ready, because a rollout waits for that before it ends the one that sends.
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import type { HoursDocument } from '../admin/hours.ts'
import { replicaStatus, standingByText } from '../admin/replica.ts'
import { type StatusDocument, statusDocument } from '../admin/status.ts'
import type { Ownership } from '../checkpoint/ownership.ts'
import { Replica } from '../checkpoint/replica.ts'
import type { CheckpointStore } from '../checkpoint/store.ts'
import type { Loaded } from '../config/load.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { ledgerPath } from './asking.ts'
import { openCheckpoints } from './checkpoints.ts'
import { monotonic, systemClock } from './clock.ts'
import { openLedger } from './ledger.ts'
import type { RunOptions } from './options.ts'
import { openRunning, type Running, runOnce, say } from './running.ts'
import { type Served, serve } from './serve.ts'
import { caughtUpText } from './summary.ts'
import { version } from './version.ts'

/** The exit code. */
export async function replicated(
  loaded: Loaded,
  telemetry: Telemetry,
  options: RunOptions,
  stop: AbortSignal,
): Promise<number> {
  const store = await openCheckpoints(loaded.config)
  const shared = new Shared(loaded, telemetry, options, openReplica(loaded, store, telemetry))
  let clean = false
  try {
    const code = options.once ? await shared.once(stop) : await shared.forEver(stop)
    clean = true
    return code
  } finally {
    store.close()
    telemetry.tell({ type: 'stopped', clean })
  }
}

function openReplica(loaded: Loaded, store: CheckpointStore, { tell }: Telemetry): Replica {
  const { interval: intervalMs = 0, term: termMs = 0 } = loaded.config.service.checkpoint ?? {}
  const me = { name: hostname(), id: randomUUID() }
  const clock = { monotonic, sleep: systemClock.sleep }
  const path = ledgerPath(loaded, true)
  const seams = { clock, now: Date.now, random: Math.random, stamp: randomUUID, tell }
  return new Replica({ store, me, path, intervalMs, termMs, ...seams })
}

class Shared {
  readonly #loaded: Loaded
  readonly #telemetry: Telemetry
  readonly #options: RunOptions
  readonly #replica: Replica
  readonly #startedAt = Date.now()
  #running: Running | undefined

  constructor(loaded: Loaded, telemetry: Telemetry, options: RunOptions, replica: Replica) {
    this.#loaded = loaded
    this.#telemetry = telemetry
    this.#options = options
    this.#replica = replica
  }

  /** Owns and stands by in turns until the signal aborts. */
  async forEver(stop: AbortSignal): Promise<number> {
    const remark = (): string | undefined => standingByText(this.#replica.state)
    const { token } = this.#loaded.config.service.admin
    const adminToken = token === undefined ? undefined : () => this.#running?.adminToken?.() ?? token
    const doors = { status: () => this.#status(), hours: () => this.#hours(), notReady: () => this.#notReady() }
    const shown = { ...doors, remark, adminToken }
    const served = await serve(this.#loaded.config, this.#telemetry, shown)
    try {
      for (;;) {
        const ownership = await this.#replica.own(stop)
        if (ownership === undefined) return 0
        await this.#tenure(ownership, (running) => this.#forward(running, served, ownership, stop))
      }
    } finally {
      await served.close()
    }
  }

  /** Waits for the ownership as long as a run that is to end waits for anything. */
  async once(stop: AbortSignal): Promise<number> {
    const { timeoutMs } = this.#options
    const [patience, owned] = [new AbortController(), new AbortController()]
    void systemClock.sleep(timeoutMs, AbortSignal.any([stop, owned.signal])).then(() => patience.abort())
    const ownership = await this.#replica.own(AbortSignal.any([stop, patience.signal]))
    owned.abort()
    if (ownership === undefined) {
      process.stderr.write(`not done: ${standingByText(this.#replica.state) ?? 'told to stop'}\n`)
      return 1
    }
    const ending = AbortSignal.any([stop, ownership.lease.lost])
    return this.#tenure(ownership, (running) => runOnce(running, this.#options, ending))
  }

  async #forward(running: Running, { addresses }: Served, { lease }: Ownership, stop: AbortSignal): Promise<void> {
    const shown = { status: () => this.#status() }
    const caughtUp = (): void => say(caughtUpText(shown.status(), addresses), this.#options.json, shown)
    await running.pipeline.run(AbortSignal.any([stop, lease.lost]), caughtUp)
  }

  /** From the ledger's opening to its last copy. */
  async #tenure<T>(ownership: Ownership, act: (running: Running) => Promise<T>): Promise<T> {
    const { config } = this.#loaded
    const end = new AbortController()
    const ledger = await openLedger(config).catch(async (error: unknown) => {
      await ownership.giveUp()
      throw error
    })
    try {
      ownership.begin(ledger, Object.keys(config.receivers))
      const share = { fence: ownership.lease, since: ownership.since }
      this.#running = await openRunning(this.#loaded, ledger, this.#telemetry, end.signal, share)
      return await act(this.#running)
    } finally {
      end.abort()
      await ownership.end()
      this.#running = undefined
      this.#telemetry.metrics.unwatch()
      ledger.close()
    }
  }

  #status(): StatusDocument {
    const { state } = this.#replica
    const running = this.#running?.status()
    if (running !== undefined) return { ...running, replica: replicaStatus(state) }
    const lane = (): undefined => undefined
    return statusDocument({
      accounts: [],
      retired: [],
      totals: { objects: 0, events: 0, bad: 0, altered: 0 },
      receivers: Object.keys(this.#loaded.config.receivers),
      now: Date.now(),
      running: { version: version(), startedAt: this.#startedAt, lane },
      replica: state,
    })
  }

  /** Who stands by needs no ledger, and is as ready as can be. */
  #notReady(): string | undefined {
    if (this.#running !== undefined) return this.#running.notReady()
    if (this.#replica.state.role !== 'owner') return undefined
    return 'the ledger is not open yet; what next: it is being opened, the log says if it cannot be'
  }

  #hours(): HoursDocument {
    return this.#running?.hours() ?? { at: new Date().toISOString(), receivers: [] }
  }
}
