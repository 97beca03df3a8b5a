// Time in the simulated world: a queue of alarms and nothing else. One alarm rings at a time, and the next only when
// everything the last one set off has come to rest, so a run is a function of its seed. Rest is found by letting the
// event loop go round once: the world does no real I/O, so whatever is not an alarm is a microtask.
//
// Nothing happening is what costs: an idle forwarder looks around every few seconds, for days. A sleep may always take
// longer than was asked for, so when a while has passed in which nothing was sent, read or received, sleepers oversleep, up
// to ten minutes and never past the next thing that is going to happen.

interface Alarm {
  readonly at: number
  readonly order: number
  readonly ring: () => void
  readonly sleeper: boolean
}

const CALM_AFTER = 15
const OVERSLEEP_MS = 600_000

export class VirtualTime {
  #now: number
  #order = 0
  #alarms: Alarm[] = []
  /** Sleepers woken since anything was sent, read or received. */
  #calm = 0
  /** Alarms rung: what a run costs. */
  rung = 0

  constructor(start: number) {
    this.#now = start
  }

  get now(): number {
    return this.#now
  }

  /** Rings at a time, or now if that has passed. Returns how to take it back. */
  at(time: number, ring: () => void): () => void {
    return this.#add(time, ring, false)
  }

  after(ms: number, ring: () => void): () => void {
    return this.#add(this.#now + ms, ring, false)
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve))
  }

  /** A sleep of the process: never shorter than asked for. */
  doze(ms: number, ring: () => void): () => void {
    return this.#add(this.#now + this.#overslept(ms), ring, true)
  }

  /** There is something to do: nobody oversleeps for a while. */
  stir(): void {
    this.#calm = 0
  }

  /** Lets the world go on until `done` says so or `end` has come. Returns whether it was done. */
  async run(end: number, done: () => boolean): Promise<boolean> {
    await rest()
    while (!done()) {
      const next = this.#alarms[0]
      if (next === undefined || next.at > end) {
        this.#now = Math.max(this.#now, end)
        return false
      }
      this.#alarms.shift()
      this.#now = next.at
      if (next.sleeper) this.#calm += 1
      this.rung += 1
      next.ring()
      await rest()
    }
    return true
  }

  #overslept(ms: number): number {
    if (this.#calm < CALM_AFTER || ms >= OVERSLEEP_MS) return ms
    const next = this.#alarms.find(({ sleeper }) => !sleeper)
    const until = Math.min(OVERSLEEP_MS, (next?.at ?? Number.POSITIVE_INFINITY) - this.#now)
    return Math.max(ms, until)
  }

  #add(time: number, ring: () => void, sleeper: boolean): () => void {
    this.#order += 1
    const alarm = { at: Math.max(time, this.#now), order: this.#order, ring, sleeper }
    this.#insert(alarm)
    return () => {
      const index = this.#alarms.indexOf(alarm)
      if (index >= 0) this.#alarms.splice(index, 1)
    }
  }

  #insert(alarm: Alarm): void {
    let low = 0
    let high = this.#alarms.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#alarms[middle] as Alarm
      if (other.at < alarm.at || (other.at === alarm.at && other.order < alarm.order)) low = middle + 1
      else high = middle
    }
    this.#alarms.splice(low, 0, alarm)
  }
}

/** Every microtask has run. */
function rest(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
