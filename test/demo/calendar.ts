// The time of the demo's world, which runs faster than ours, so that a silence of an hour can be watched: a second is a
// minute, and while nothing comes it is a quarter of an hour. The forwarder and the bucket are put on it, CircleCI stamps its
// objects by it; timers are everybody's own. The forwarder reads it from a file, since processes that are started anew
// must find it there.
import { renameSync, writeFileSync } from 'node:fs'
import { followed } from '../e2e/stage/clock-shift.ts'

export const FLOWING = 60
export const SILENT = 900
/** Small steps: bucket and forwarder must not be minutes apart. */
const STEP_MS = 100

export class Calendar {
  /** How much of the world's time passes in ours. */
  pace: number = FLOWING
  readonly #path: string
  readonly #setBucket: (ms: number) => Promise<void>
  readonly #timer: NodeJS.Timeout
  #ahead = 0
  #last: number = performance.now()

  /** @param path of a file that is made */
  constructor(path: string, setBucket: (ms: number) => Promise<void>) {
    this.#path = path
    this.#setBucket = setBucket
    this.#write()
    this.#timer = setInterval(() => this.#step(), STEP_MS)
  }

  /** Milliseconds since 1970. */
  now(): number {
    return Date.now() + this.#ahead
  }

  /** What a process is started with to live in this time. */
  get launch(): { readonly env: Readonly<Record<string, string>>; readonly nodeArgs: readonly string[] } {
    const { env, args } = followed(this.#path)
    return { env, nodeArgs: args }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #step(): void {
    const now = performance.now()
    this.#ahead += (now - this.#last) * (this.pace - 1)
    this.#last = now
    this.#write()
    // The bucket's process goes when the world does.
    this.#setBucket(this.#ahead).catch(() => this.stop())
  }

  #write(): void {
    writeFileSync(`${this.#path}.new`, String(Math.round(this.#ahead)))
    renameSync(`${this.#path}.new`, this.#path)
  }
}
