// Before every file of tests: whatever the program says while they run is searched for the credentials of the tests, and a
// test during which one shows fails. Heard is what leaves a process: standard output and standard error of every child,
// what the tests' own process prints, and the pages that are fetched from the program. So a new test is listened to
// without knowing of it. Exporters' answers, which stay inside, are searched where exporters are made (`overheard`).
import type { ChildProcess } from 'node:child_process'
import childProcess from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import type { Readable } from 'node:stream'
import { afterAll, afterEach } from 'vitest'
import { Listener } from './secrets.ts'

/** The pages of the program: what else tests fetch is what stands at the other end. */
const pages = /^\/(?:metrics|livez|readyz|healthz|api\/.*)?$/

const heard: string[] = []
const listeners = new Set<Listener>()

/** What was heard and not yet complained of. For tests that leak on purpose: taken here, it fails nobody. */
export function takeLeaks(): readonly string[] {
  for (const listener of listeners) heard.push(...listener.take())
  listeners.clear()
  return heard.splice(0)
}

function listenerFor(where: string): Listener {
  const listener = new Listener(where)
  listeners.add(listener)
  return listener
}

/** Between a stream and who reads it. Not a second reader: that would make a stream flow which the test holds back. */
function tap(stream: Readable | null | undefined, where: string): void {
  if (stream === null || stream === undefined) return
  const push = stream.push.bind(stream)
  const listener = listenerFor(where)
  stream.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk !== null) {
      listener.hear(Buffer.isBuffer(chunk) ? chunk.toString('latin1') : String(chunk))
      listeners.add(listener)
    }
    return push(chunk, encoding)
  }
}

function tapChildren(): void {
  const prototype = childProcess.ChildProcess.prototype as ChildProcess & { spawn(options: Spawning): unknown }
  const spawn = prototype.spawn
  prototype.spawn = function (this: ChildProcess, options) {
    const result = Reflect.apply(spawn, this, [options])
    const name = (options.args ?? []).join(' ').slice(0, 200)
    tap(this.stdout, `standard output of ${name}`)
    tap(this.stderr, `standard error of ${name}`)
    return result
  }
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
    const original: (...args: never[]) => unknown = childProcess[name]
    Object.assign(childProcess, { [name]: (...args: never[]) => saidBy(name, () => original(...args)) })
  }
  syncBuiltinESMExports()
}

interface Spawning {
  readonly args?: readonly string[]
}

interface Said {
  readonly stdout?: unknown
  readonly stderr?: unknown
}

function saidBy(name: string, run: () => unknown): unknown {
  const hear = (said: unknown): void => {
    const { stdout, stderr } = (said ?? {}) as Said
    for (const one of [said, stdout, stderr]) {
      if (typeof one === 'string' || Buffer.isBuffer(one)) listenerFor(`what ${name} ran`).hear(one.toString('latin1'))
    }
  }
  try {
    const result = run()
    hear(result)
    return result
  } catch (error) {
    hear(error)
    throw error
  }
}

function tapPages(): void {
  const original = globalThis.fetch
  globalThis.fetch = async (input, init) => {
    const answer = await original(input, init)
    const { pathname, hostname } = new URL(input instanceof Request ? input.url : input)
    const asked = (init?.method ?? 'GET') === 'GET' && hostname === '127.0.0.1' && pages.test(pathname)
    if (asked) listenerFor(`the page ${pathname}`).hear(await answer.clone().text())
    return answer
  }
}

function tapOwnOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream)
    const listener = listenerFor('what the tests’ own process printed')
    stream.write = ((chunk: string | Uint8Array, ...rest: never[]) => {
      listener.hear(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('latin1'))
      listeners.add(listener)
      return write(chunk, ...rest)
    }) as typeof stream.write
  }
}

tapChildren()
tapPages()
tapOwnOutput()

function complain(): void {
  const leaks = takeLeaks()
  if (leaks.length === 0) return
  throw new Error(`a credential shows in what the program says:\n${[...new Set(leaks)].join('\n')}`)
}

afterEach(complain)
afterAll(complain)
