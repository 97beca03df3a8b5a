// What stands at the other end when a README's program runs: each vendor's fake, and where in the program's text its
// address goes.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canaryGuid, canaryHex, FakeServer, type VendorBehaviour } from '@circleci-audit-forwarder/contract/testing'
import { layouts } from '@circleci-audit-forwarder/exporter-clickhouse'
import { rowsIn, spoken } from '../../exporters/clickhouse/test/spoken.ts'
import { FakeDatadog } from '../../exporters/datadog/test/fake-datadog.ts'
import { decode, recordsOf } from '../../exporters/otlp-http/test/receiver.ts'
import { FakeRapid7, TOKEN as RAPID7_TOKEN } from '../../exporters/rapid7/test/fake-rapid7.ts'
import { FakeHec, TOKEN as HEC_TOKEN } from '../../exporters/splunk-hec/test/fake-hec.ts'

/** A place that a README's program writes to. */
export interface Place {
  /** The program's text, with this place in it. */
  aimed(program: string): string
  /** Variables that the program reads. */
  readonly env: Readonly<Record<string, string>>
  /** What is there after the program has run; `output` is what it printed. */
  stored(output: string): readonly unknown[]
  close(): Promise<void>
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  contract: otlp,
  'otlp-http': otlp,
  clickhouse: () => {
    const layout = layouts[0]
    const password = { CLICKHOUSE_PASSWORD: canaryHex(0xc1) }
    return served(spoken(layout), (server) => server.arrived.flatMap((request) => rowsIn(request)), password)
  },
  console: async () => ({
    aimed: (program) => program,
    env: {},
    stored: (output) => linesOf(output),
    close: async () => {},
  }),
  datadog: () => {
    const datadog = new FakeDatadog(canaryHex(0xdd), Date.now())
    return served(datadog.behave, () => datadog.stored, { DD_API_KEY: canaryHex(0xdd) })
  },
  file: onDisk,
  rapid7: () => {
    const rapid7 = new FakeRapid7()
    const token = { RAPID7_TOKEN, RAPID7_API_KEY: canaryGuid(9) }
    return served(rapid7.behave, () => rapid7.stored.map((entry) => JSON.parse(entry)), token)
  },
  'splunk-hec': () => {
    const hec = new FakeHec({ indexes: ['audit'] })
    return served(hec.behave, () => hec.stored, { SPLUNK_TOKEN: HEC_TOKEN })
  },
}

/** The place for the README of this folder of `exporters/`; for one of which nothing is said here, a server that says yes. */
export async function placeFor(folder: string): Promise<Place> {
  const bodies = (server: FakeServer) => server.arrived.map(({ body }) => body.toString())
  const open = places[folder] ?? (() => served(() => ({ status: 200 }), bodies))
  return open()
}

function otlp(): Promise<Place> {
  // The decoder is of a time before event names; the bytes are those of a request that it can read.
  const stored = (server: FakeServer) =>
    server.arrived.map((request) => [recordsOf(decode(request)), request.body.toString('latin1')])
  return served(({ headers }) => {
    const type = String(headers['content-type'])
    return { status: 200, headers: { 'content-type': type }, body: type.endsWith('json') ? '{}' : '' }
  }, stored)
}

async function served(
  behave: VendorBehaviour,
  stored: (server: FakeServer) => readonly unknown[],
  env: Readonly<Record<string, string>> = {},
): Promise<Place> {
  const server = await FakeServer.start(behave)
  return {
    // A vendor's site or region stands for its address.
    aimed: (program) => replaced(program, /\b(?:endpoint|site|region): '[^']*'/g, `endpoint: '${server.url}'`),
    env,
    stored: () => stored(server),
    close: () => server.stop(),
  }
}

async function onDisk(): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'readme-'))
  const path = join(folder, 'audit.jsonl')
  return {
    aimed: (program) => replaced(program, /\bpath: '[^']*'/g, `path: '${path}'`),
    env: {},
    stored: () => linesOf(existsSync(path) ? readFileSync(path, 'utf8') : ''),
    close: async () => rmSync(folder, { recursive: true }),
  }
}

function linesOf(text: string): readonly unknown[] {
  const lines = text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as unknown)
}

function replaced(text: string, pattern: RegExp, by: string): string {
  const found = text.match(pattern)?.length ?? 0
  if (found !== 1) throw new Error(`${found} addresses in\n${text}`)
  return text.replace(pattern, by)
}
