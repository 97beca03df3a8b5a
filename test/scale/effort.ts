// What calls of the ledger take, each of which keeps the whole process from everything else. The processor's time says
// what the program does; the other time also says what the disk and the machine's other work make of it.

export interface Longest {
  readonly calls: number
  /** Milliseconds of the processor's time that the most expensive call took. */
  readonly cpuMs: number
  /** Milliseconds from beginning to end of the slowest call. */
  readonly ms: number
}

export class Effort {
  #longest: Longest = { calls: 0, cpuMs: 0, ms: 0 }

  of<T>(call: () => T): T {
    const [cpu, begun] = [cpuMs(), performance.now()]
    try {
      return call()
    } finally {
      const { calls, ...before } = this.#longest
      const ms = Math.max(before.ms, performance.now() - begun)
      this.#longest = { calls: calls + 1, cpuMs: Math.max(before.cpuMs, cpuMs() - cpu), ms }
    }
  }

  get longest(): Longest {
    return this.#longest
  }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
