// The probes of the whole program, over sockets: a destination that takes nothing is no reason to take the pod away, a
// ledger that cannot be written is. The disk is a file system of some megabytes in memory, filled to the last byte.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../tools/free-port.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'readiness-'))
const disk = join(folder, 'disk')
mkdirSync(disk)
const ballast = join(disk, 'ballast')
const mountable = process.platform === 'linux' && process.getuid?.() === 0 && canMount()
const patience = { timeout: 30_000, interval: 50 }

let refusing: Server
let forwarder: ChildProcess | undefined
beforeAll(async () => {
  refusing = createServer((request, response) => {
    request.resume()
    response.writeHead(401).end('token expired')
  }).listen(0, '127.0.0.1')
  await once(refusing, 'listening')
})
afterEach(async () => {
  const child = forwarder
  forwarder = undefined
  if (child === undefined || child.exitCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'close')
})
afterAll(() => {
  refusing.closeAllConnections()
  refusing.close()
  if (mountable) execFileSync('umount', [disk], { stdio: 'ignore' })
  rmSync(folder, { recursive: true })
})

function canMount(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Lays an object of one event down. */
function put(name: string, minute: number): void {
  const place = `objects/audit-logs/year=2026/month=03/day=15/hour=11/2026-03-15T11:${10 + minute}:00_${name}`
  mkdirSync(dirname(join(folder, place)), { recursive: true })
  const event = { id: name, action: 'project.add', occurred_at: '2026-03-15T11:00:00Z' }
  writeFileSync(join(folder, place), `${JSON.stringify(event)}\n`)
}

/** Starts a forwarder with two destinations that refuse everything. Returns how its doors for machines are asked. */
async function start(name: string): Promise<(path: string) => Promise<{ status: number; text: string }>> {
  const [metrics, admin] = [await freePort(), await freePort()]
  const { port } = refusing.address() as AddressInfo
  const otlp = {
    endpoint: `http://127.0.0.1:${port}`,
    retry: { initial_interval: '100ms', max_interval: '1s' },
    batch: { linger: '50ms' },
  }
  const store = { directory: { path: join(folder, 'objects'), prefix: 'audit-logs' } }
  const config = {
    receivers: { circleci_audit: { store, start_at: 'beginning', sweep: { interval: '1s', lookback: '3650d' } } },
    exporters: { 'otlp_http/one': otlp, 'otlp_http/two': otlp },
    service: {
      ledger: { sqlite: { path: join(disk, `${name}.db`) } },
      telemetry: { metrics: { endpoint: `127.0.0.1:${metrics}` } },
      admin: { endpoint: `127.0.0.1:${admin}` },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['otlp_http/one', 'otlp_http/two'] } },
    },
  }
  const file = join(folder, `${name}.json`)
  writeFileSync(file, JSON.stringify(config))
  const args = ['--conditions=@circleci-audit-forwarder/source', join(root, 'src/cli/main.ts'), 'run', '--config', file]
  forwarder = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' })
  return async (path) => {
    const answer = await fetch(`http://127.0.0.1:${metrics}${path}`)
    return { status: answer.status, text: await answer.text() }
  }
}

test('with every destination stopped it is ready and alive', { timeout: 60_000 }, async () => {
  put('first', 0)
  const ask = await start('stopped')
  const stopped = /_destination_stops_total\{[^}]*destination="otlp_http\/(one|two)"[^}]*\} [1-9]/g
  await vi.waitFor(async () => {
    const names = [...(await ask('/metrics')).text.matchAll(stopped)].map(([, name]) => name)
    expect(new Set(names)).toEqual(new Set(['one', 'two']))
  }, patience)
  expect(await ask('/readyz')).toEqual({ status: 200, text: 'ready\n' })
  expect(await ask('/livez')).toEqual({ status: 200, text: 'alive\n' })
})

test.skipIf(!mountable)(
  'a ledger on a full disk is not ready, says why, and is ready again',
  { timeout: 60_000 },
  async () => {
    const ask = await start('full')
    await vi.waitFor(async () => expect((await ask('/readyz')).status).toBe(200), patience)
    execFileSync('sh', ['-c', `cat /dev/zero > ${ballast} || true`], { stdio: 'ignore' })
    // What is laid down is written into the ledger until that no longer fits.
    let n = 0
    await vi.waitFor(async () => {
      for (let more = 0; more < 5; more += 1) put(`more-${n}`, n++ % 50)
      const { status, text } = await ask('/readyz')
      expect(status).toBe(503)
      expect(text).toMatch(/^not ready: cannot use ledger .*full\.db: the disk is full .*; what next: free some space/)
    }, patience)
    expect((await ask('/livez')).status).toBe(200)
    rmSync(ballast)
    await vi.waitFor(async () => expect(await ask('/readyz')).toEqual({ status: 200, text: 'ready\n' }), patience)
  },
)
