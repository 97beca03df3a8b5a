// The real program, as an operator starts it: a child process with its own environment, watched from outside through its
// output, its signals and /proc. All of its output is searched for credentials, also what is no longer kept.
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { Listener } from '../../tools/secrets.ts'
import { startScript } from '../../tools/start-script.ts'
import { until } from './until.ts'

export const root: string = fileURLToPath(new URL('../../..', import.meta.url))

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Launch {
  /** What stands after the program's name. */
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Arguments for node itself. */
  readonly nodeArgs?: readonly string[]
  /** Another program in place of the forwarder, e.g. `npm`. */
  readonly command?: string
}

/** How much of an output is kept for the last look, in characters. */
const KEPT = 32 * 1024 * 1024

export class Forwarder {
  readonly startedAt: number = Date.now()
  readonly exited: Promise<Exit>
  readonly #child: ChildProcessByStdio<null, Readable, Readable>
  readonly #hasGroup: boolean
  readonly #listeners = new Set<() => void>()
  readonly #listening = { out: new Listener('standard output'), err: new Listener('standard error') }
  readonly #leaks: string[] = []
  #out = ''
  #err = ''
  #exit: Exit | undefined

  constructor({ args, env, nodeArgs = [], command }: Launch) {
    const node = [...startScript.flags, ...nodeArgs, 'src/cli/main.ts', ...args]
    this.#hasGroup = command !== undefined
    this.#child = spawn(command ?? process.execPath, command === undefined ? node : args, {
      cwd: root,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...startScript.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: this.#hasGroup,
    })
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#add('', text))
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => this.#add(text, ''))
    this.exited = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.#exit = { code, signal, at: Date.now() }
        this.#tell()
        resolve(this.#exit)
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get stdout(): string {
    return this.#out
  }

  get stderr(): string {
    return this.#err
  }

  /** Where credentials stand in what it has said so far. */
  get leaks(): readonly string[] {
    this.#leaks.push(...this.#listening.out.take(), ...this.#listening.err.take())
    return this.#leaks
  }

  get running(): boolean {
    return this.#exit === undefined
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** To the whole group of a program that was started in place of the forwarder: SIGINT is what Ctrl-C sends. */
  killGroup(signal: NodeJS.Signals): void {
    process.kill(-this.pid, signal)
  }

  /** The end, for it and for what it started. */
  destroy(): void {
    if (this.#exit !== undefined) return
    if (this.#hasGroup) this.killGroup('SIGKILL')
    else this.kill('SIGKILL')
  }

  /** SIGTERM, then its exit. */
  async stop(): Promise<Exit> {
    this.kill('SIGTERM')
    return this.exited
  }

  /** Resolves once standard error holds this text. Rejects when the process ends before or the time is over. */
  said(text: string, timeoutMs = 30_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#err.includes(text)) end(resolve)
        else if (!this.running) end(() => reject(this.#disappointed(`ended before it said ${text}`)))
      }
      const end = (then: () => void): void => {
        clearTimeout(timer)
        this.#listeners.delete(look)
        then()
      }
      const timer = setTimeout(() => end(() => reject(this.#disappointed(`did not say ${text}`))), timeoutMs)
      this.#listeners.add(look)
      look()
    })
  }

  /** Asks until the answer is yes. Rejects when the process ends before, with its last words, or the time is over. */
  until(what: string, ask: () => Promise<boolean> | boolean, timeoutMs?: number): Promise<void> {
    const stillThere = (): Promise<boolean> | boolean => {
      if (!this.running) throw this.#disappointed(`ended before ${what}`)
      return ask()
    }
    return until(what, stillThere, timeoutMs)
  }

  /** Rejects, with what it said, unless it ends with this code. */
  async mustExit(code: number): Promise<Exit> {
    const exit = await this.exited
    if (exit.code !== code) throw this.#disappointed(`ended with ${exit.code ?? exit.signal}, not ${code}`)
    return exit
  }

  /** Peak resident memory so far, in bytes. */
  peakBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024
  }

  #add(err: string, out: string): void {
    this.#listening.err.hear(err)
    this.#listening.out.hear(out)
    this.#err = (this.#err + err).slice(-KEPT)
    this.#out = (this.#out + out).slice(-KEPT)
    this.#tell()
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  #disappointed(what: string): Error {
    return new Error(`the forwarder ${what}; its last words:\n${this.#err.slice(-4000)}`)
  }
}
