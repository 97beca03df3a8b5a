import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Answer, Call } from '../servers/channel.ts'

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** A server script in a process of its own, and the test's end of its channel. */
export class Spawned {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #calls = 0

  private constructor(script: string, args: readonly string[]) {
    const path = fileURLToPath(new URL(`../servers/${script}.ts`, import.meta.url))
    const execArgv = ['--conditions=@circleci-audit-forwarder/source']
    this.#child = fork(path, args, { execArgv, env: { PATH: process.env['PATH'] } })
    this.#child.on('message', (answer: Answer) => this.#take(answer))
    this.#child.on('exit', (code) => this.#failAll(new Error(`${script} ended with ${code}`)))
  }

  static async start(script: string, args: readonly string[] = []): Promise<Spawned> {
    const spawned = new Spawned(script, args)
    await new Promise((resolve, reject) => spawned.#waiting.set(0, { resolve, reject }))
    return spawned
  }

  call<T>(name: string, argument?: unknown): Promise<T> {
    this.#calls += 1
    const id = this.#calls
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
      this.#child.send({ id, name, argument } satisfies Call)
    })
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  #take(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if ('error' in answer) waiting?.reject(new Error(answer.error))
    else waiting?.resolve(answer.value)
  }

  #failAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }
}
