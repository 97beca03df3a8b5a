// One simulated world from its first object to its rest: the plan is drawn, the process lives and dies as planned, then
// everything works and the oracle is asked.
import { LedgerFailure } from '../../src/ledger/failure.ts'
import { type Finish, Pipeline } from '../../src/pipeline.ts'
import { assemble, type Setting } from './assembly.ts'
import { Bucket } from './bucket.ts'
import { Chance } from './chance.ts'
import { Dead, Epoch } from './epoch.ts'
import { type Medium, type MediumName, mediumOf } from './medium.ts'
import { Mishaps } from './mishaps.ts'
import { Operator } from './operator.ts'
import { Oracle } from './oracle.ts'
import { type DestinationPlan, drawPlan, HOUR, type Life, MINUTE, type Plan } from './plan.ts'
import { type Mail, Queue } from './queue.ts'
import { Scenery } from './scenery.ts'
import { Server } from './server.ts'
import { Requests, Spoken } from './spoken.ts'
import { themed } from './themes.ts'
import { VirtualTime } from './time.ts'
import { Trace, Verdict } from './trace.ts'
import { type Occurrence, type TrueEvent, Truth } from './truth.ts'
import { Watch } from './watch.ts'

export interface Result {
  readonly seed: number
  readonly broken: readonly string[]
  readonly hash: string
  readonly lines: readonly string[]
  readonly events: number
  readonly alarms: number
  readonly virtualMs: number
}

/** The world that is running: what nobody catches is a broken promise of it, unless its process had died before. */
let current: Verdict | undefined
process.on('unhandledRejection', (error) => {
  if (error instanceof Dead) return
  current?.breaks(`crash: nobody caught ${(error as Error).stack}`)
})

const STOP_MS = 20_000
/** A run that is to end gives up on what has not moved for so long. */
const PATIENCE_MS = 30 * MINUTE

export interface SimulateOptions {
  /** Whether to keep every line of the trace. */
  readonly keep: boolean
  /** What the ledger is written on; without it, the seed decides. */
  readonly medium?: MediumName | undefined
}

export async function simulate(seed: number, options: SimulateOptions = { keep: false }): Promise<Result> {
  const world = new World(seed, new Trace(options), options.medium)
  return world.run(seed)
}

class World {
  readonly #chance: Chance
  readonly #plan: Plan
  readonly #time: VirtualTime
  readonly #trace: Trace
  readonly #verdict = new Verdict()
  readonly #truth = new Truth()
  readonly #spoken = new Spoken(this.#verdict)
  readonly #medium: Medium
  readonly #servers: ReadonlyMap<string, Server>
  readonly #buckets: readonly Bucket[]
  readonly #queues: readonly Queue[]
  readonly #watch: Watch
  readonly #scenery: Scenery
  readonly #fingerprints = new Map<Occurrence, string>()
  readonly #mishaps: Mishaps
  readonly #operator: Operator
  /** The present life of the process. */
  #epoch: Epoch | undefined
  readonly #requests = new Requests()

  constructor(seed: number, trace: Trace, medium: MediumName | undefined) {
    this.#chance = new Chance(seed)
    this.#trace = trace
    this.#medium = mediumOf(seed, medium)
    this.#plan = themed(seed, drawPlan(this.#chance.fork(1)))
    const chance = this.#chance.fork(4)
    this.#time = new VirtualTime(this.#plan.start - 3 * 24 * HOUR)
    this.#mishaps = new Mishaps({ plan: this.#plan, chance, time: this.#time, trace })
    this.#servers = new Map(this.#plan.destinations.map((plan, index) => [plan.id, this.#server(plan, index)]))
    this.#buckets = this.#plan.buckets.map((plan, index) => {
      const { name, weather } = plan
      const chance = this.#chance.fork(20 + index)
      const { calmAt, habits } = this.#plan
      return new Bucket({ name, prefix: habits.prefix, time: this.#time, chance, weather, calmAt })
    })
    this.#watch = this.#watching()
    this.#queues = this.#plan.buckets.map(({ queueWeather, visibilityMs }, index) => {
      const chance = this.#chance.fork(30 + index)
      const deleted = (mail: Mail): void => {
        this.#watch.deleted(`circleci_audit/${index}`, mail)
        this.#mishaps.deleted(this.#epoch)
      }
      const parts = {
        time: this.#time,
        chance,
        weather: queueWeather,
        calmAt: this.#plan.calmAt,
        visibilityMs,
        deleted,
      }
      return new Queue(parts)
    })
    const places = this.#buckets.map((bucket, index) => ({ bucket, queue: this.#queues[index] as Queue }))
    const sceneParts = { plan: this.#plan, time: this.#time, chance: this.#chance.fork(2), truth: this.#truth, places }
    this.#scenery = new Scenery({ ...sceneParts, trace })
    const operating = { plan: this.#plan, chance: this.#chance.fork(5), time: this.#time, trace, watch: this.#watch }
    this.#operator = new Operator({ ...operating, verdict: this.#verdict, medium: this.#medium })
  }

  async run(seed: number): Promise<Result> {
    current = this.#verdict
    this.#scenery.set()
    this.#operator.set()
    for (const [index, life] of this.#plan.lives.entries()) {
      await this.#time.run(life.from, () => false)
      await this.#live(index, life)
    }
    this.#medium.dispose()
    return {
      seed,
      broken: this.#verdict.broken,
      hash: this.#trace.hash,
      lines: this.#trace.lines,
      events: this.#truth.events.length,
      alarms: this.#time.rung,
      virtualMs: this.#time.now - this.#plan.start,
    }
  }

  #server({ id, nature, weather }: DestinationPlan, index: number): Server {
    const chance = this.#chance.fork(10 + index)
    const { calmAt } = this.#plan
    const common = { time: this.#time, trace: this.#trace, verdict: this.#verdict }
    return new Server({ id, nature, weather, chance, calmAt, ...common })
  }

  #watching(): Watch {
    const route = (destination: string, receiver: string) =>
      this.#medium.ledger.routes().find((known) => known.destination === destination && known.receiver === receiver)
    return new Watch({
      time: this.#time,
      truth: this.#truth,
      trace: this.#trace,
      verdict: this.#verdict,
      servers: this.#servers,
      lookbackMs: this.#plan.lookbackMs,
      sweepIntervalMs: this.#plan.sweepIntervalMs,
      sourceOf: (receiver) => (this.#buckets[Number(receiver.split('/')[1])] as Bucket).uri,
      batchOf: (destination) => this.#plan.destinations.find(({ id }) => id === destination)?.records ?? 0,
      receiverOf: (source) => `circleci_audit/${this.#buckets.findIndex(({ uri }) => uri === source)}`,
      startAt: (destination, receiver) => route(destination, receiver)?.startAt,
      sweptTo: (receiver) => this.#medium.ledger.sweptTo(receiver),
      answered: (id) => this.#operator.heard(id),
      isWanted: (receiver, time) =>
        this.#medium.ledger.routes().some((known) => known.receiver === receiver && known.startAt <= time),
    })
  }

  async #live(index: number, life: Life): Promise<void> {
    const last = index === this.#plan.lives.length - 1
    const span = { life, from: this.#time.now, to: Number.POSITIVE_INFINITY }
    this.#watch.lives.push(span)
    this.#trace.say(this.#time.now, `life ${index} begins`)
    let over = false
    const epoch = new Epoch(this.#time, 'touches' in life.end ? life.end.touches : Number.POSITIVE_INFINITY, () => {
      over = true
    })
    this.#epoch = epoch
    const stopping = new AbortController()
    let idle = (): boolean => false
    const running = async (): Promise<void> => {
      const pipeline = new Pipeline(assemble(this.#setting(), { index, life, epoch }))
      idle = () => pipeline.idle
      if (!life.once) return pipeline.run(stopping.signal)
      const finish = await pipeline.runOnce(stopping.signal, PATIENCE_MS)
      if (epoch.alive && !stopping.signal.aborted) this.#judgeFinish(finish, life, span.from)
    }
    const ended = (error?: unknown): void => {
      // It cannot start while it cannot write: whoever keeps it running starts it again.
      if (error instanceof LedgerFailure && this.#time.now === span.from) epoch.kill()
      if (epoch.alive && error !== undefined) this.#verdict.breaks(`run: it failed: ${String((error as Error).stack)}`)
      if (epoch.alive && !life.once && !stopping.signal.aborted) this.#verdict.breaks('run: it ended by itself')
      over = true
    }
    running().then(() => ended(), ended)
    if (last)
      await this.#rest(
        () => idle(),
        () => over,
      )
    else await this.#time.run(life.to, () => over)
    if (life.end.kind === 'stop' && !over) {
      this.#time.stir()
      stopping.abort()
      if (!(await this.#time.run(this.#time.now + STOP_MS + 2 * MINUTE, () => over)))
        this.#verdict.breaks(`stop: it takes longer than ${STOP_MS} ms and two minutes`)
    }
    span.to = this.#time.now
    epoch.kill()
    this.#die(life)
    this.#mishaps.rob()
  }

  /** A run that was to end says that it has done everything, or names what it has not. */
  #judgeFinish({ unswept, unfinished }: Finish, life: Life, begun: number): void {
    this.#trace.say(this.#time.now, `finished ${JSON.stringify({ unswept, unfinished })}`)
    for (const id of life.filters.keys()) {
      if (unswept.length > 0 || unfinished.some(({ destination }) => destination === id)) continue
      const left = this.#watch.leftOver(id, begun)
      if (left !== undefined) this.#verdict.breaks(`once: ${id} is said to be done, and ${left}`)
    }
  }

  /** What of the ledger survives the end of a life. */
  #die({ end }: Life): void {
    const { volatile } = this.#medium
    this.#trace.say(this.#time.now, `life ends: ${end.kind} (${volatile} volatile)`)
    if (end.kind === 'stop') {
      this.#medium.reopen()
      return
    }
    const keep = end.kind === 'kill' ? volatile : this.#chance.hit(0.5) ? 0 : this.#chance.int(0, volatile)
    this.#watch.forgot(volatile - keep)
    this.#medium.crash(keep)
  }

  /** Nothing goes wrong any more: everything must be dealt with, some more objects too, and then nothing be due. */
  async #rest(idle: () => boolean, over: () => boolean): Promise<void> {
    const end = this.#time.now + this.#operator.restMs
    const servers = [...this.#servers.values()]
    const isGood = (event: TrueEvent): boolean => servers.every((each) => !each.poisons(event) && !each.isUnfit(event))
    const settled = (): boolean => (this.#operator.mends ? this.#dealtWith(idle) : this.#settled(idle))
    for (let closers = 0; closers < 2 || !settled() || !this.#operator.done; closers += 1) {
      for (let looks = 0; looks < 18 && !settled(); looks += 1) await this.#pass(10 * MINUTE, over)
      if (over() || this.#time.now > end) break
      if (settled()) this.#operator.finish()
      this.#scenery.close(isGood)
      await this.#pass(2 * this.#plan.sweepIntervalMs + 30 * MINUTE, over)
    }
    const sent = this.#requests.audit
    await this.#pass(3 * HOUR, over)
    if (this.#requests.audit > sent)
      this.#verdict.breaks('rest: something was sent although everything had been dealt with')
    this.#operator.judge()
    await this.#time.run(this.#time.now + HOUR, idle)
    new Oracle({ ...this.#judged(), now: this.#time.now }).judge(idle())
  }

  #judged() {
    return {
      plan: this.#plan,
      watch: this.#watch,
      truth: this.#truth,
      verdict: this.#verdict,
      servers: this.#servers,
      queues: this.#queues,
      ledger: this.#medium.ledger,
      medium: this.#medium,
      operator: this.#operator,
      spoken: this.#spoken,
    }
  }

  #setting(): Setting {
    return {
      ...this.#judged(),
      time: this.#time,
      trace: this.#trace,
      chance: this.#chance,
      buckets: this.#buckets,
      fingerprints: this.#fingerprints,
      stopMs: STOP_MS,
      unanswered: (epoch, attempt) => this.#mishaps.unanswered(epoch, attempt),
      request: this.#requests.next,
    }
  }

  async #pass(ms: number, over: () => boolean): Promise<void> {
    await this.#time.run(this.#time.now + ms, over)
  }

  #settled(idle: () => boolean): boolean {
    return !this.#queues.some(({ length }) => length > 0) && this.#dealtWith(idle)
  }

  /** As far as the ledger tells: who reads no queue never empties it. */
  #dealtWith(idle: () => boolean): boolean {
    if (!idle() || !this.#operator.answered) return false
    return this.#medium.ledger
      .accounts()
      .every(({ outstanding, provisional }) => outstanding === 0 && provisional === 0)
  }
}
