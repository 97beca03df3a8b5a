// A checkout of its own, so that commands run as they are printed, in place, and clash with nobody: what the program is made
// of is copied, what `npm ci` installed is shared, and the quick start's two ports are free ones. What it prints of them
// reads as if they were the usual ones.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../tools/free-port.ts'
import { projectFiles, root } from './checkout.ts'

/** Whatever takes longer is stopped, so that nothing outlives the test. */
const PATIENCE_MS = 100_000
const usual = ['8686', '9464']
const quickStart = 'deploy/quickstart/config.yaml'
const isProgram = (path: string): boolean => !/^(?:test|docs|bench)\//.test(path)

/** What a command printed, and how it ended. */
export interface Ran {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

export class CheckoutCopy {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'checkout-'))
  readonly #ports: readonly string[]

  private constructor(ports: readonly string[]) {
    this.#ports = ports
    for (const path of projectFiles().filter(isProgram)) cpSync(join(root, path), join(this.folder, path))
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
    this.edit(quickStart, (text) =>
      usual.reduce((config, port, index) => config.replace(`:${port} `, `:${ports[index]} `), text),
    )
  }

  static async make(): Promise<CheckoutCopy> {
    const ports: string[] = []
    while (ports.length < usual.length) {
      const port = String(await freePort())
      if (!ports.includes(port)) ports.push(port)
    }
    return new CheckoutCopy(ports)
  }

  edit(path: string, change: (text: string) => string): void {
    const file = join(this.folder, path)
    const text = readFileSync(file, 'utf8')
    const changed = change(text)
    if (changed === text) throw new Error(`nothing of ${path} was changed`)
    writeFileSync(file, changed)
  }

  /** Runs it in a shell, with pipes. */
  async run(command: string): Promise<Ran> {
    const child = spawn(command, {
      cwd: this.folder,
      shell: true,
      timeout: PATIENCE_MS,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const out = said(child.stdout)
    const err = said(child.stderr)
    const [code] = (await once(child, 'close')) as [number | null]
    return { out: this.#asUsual(out()), err: this.#asUsual(err()), code }
  }

  /** Runs it on a terminal, until it has printed this; then presses Ctrl-C. */
  async onTerminal(command: string, until: string): Promise<Ran> {
    // In the place of its shell: some of them answer Ctrl-C themselves, whatever the program ends with.
    const child = spawn('script', ['-qec', `exec ${command}`, '/dev/null'], {
      cwd: this.folder,
      timeout: PATIENCE_MS,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out = said(child.stdout)
    const err = said(child.stderr)
    child.stdout.on('data', function pressed(this: NonNullable<ChildProcess['stdout']>) {
      if (!out().includes(until)) return
      this.off('data', pressed)
      child.stdin.write('\u0003')
    })
    const [code] = (await once(child, 'close')) as [number | null]
    return { out: this.#asUsual(out()), err: err(), code }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true })
  }

  #asUsual(text: string): string {
    return this.#ports.reduce(
      (all, port, index) => all.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${usual[index]}`),
      text,
    )
  }
}

function said(stream: NodeJS.ReadableStream): () => string {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  return () => Buffer.concat(pieces).toString()
}
