// The suite itself: the exporter shown in the README passes it, and a careless one fails at what it gets wrong.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Batch, Encoded, Exporter, LogRecord, Outcome } from '../src/index.ts'
import { type ConformanceHarness, conformance, type Guarantee } from '../src/testing.ts'
import { AcmeExporter, config } from './acme.ts'

const shared: Omit<ConformanceHarness<Guarantee>, 'create'> = {
  behave: () => undefined,
  ids: (request) =>
    request.body
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)['log.record.uid']),
  maxBodyBytes: 5_000_000,
}

describe('the exporter of the README', () => {
  conformance(
    {
      ...shared,
      create: (address, { secret, timeoutMs }) =>
        new AcmeExporter({ ...config.parse({ endpoint: address, token: secret }), timeout: timeoutMs }),
    },
    test,
  )

  test('is the one that is tested', () => {
    const source = readFileSync(new URL('acme.ts', import.meta.url), 'utf8')
    expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(source)
  })
})

/** What many exporters do: fetch, status below 400 is success, errors are told as they are. */
class Careless implements Exporter {
  readonly limits = { records: 1_000, bytes: 50_000_000 }
  readonly #address: string
  readonly #token: string

  constructor(address: string, token: string) {
    this.#address = address
    this.#token = token
  }

  encode(record: LogRecord): Encoded {
    Object.assign(record.attributes, { encodedAt: performance.now() })
    return { bytes: Buffer.from(`${JSON.stringify(record.attributes)}\n`) }
  }

  async send(batch: Batch): Promise<Outcome> {
    const body = Buffer.concat(batch.members.map((member) => member.bytes).toReversed())
    try {
      const answer = await fetch(`${this.#address}/?token=${this.#token}`, {
        method: 'POST',
        body,
        headers: { authorization: this.#token },
        signal: AbortSignal.timeout(1_000),
      })
      if (answer.status < 400) return { status: 'delivered' }
      return { status: 'rejected', records: [{ index: 0, reason: await answer.text() }] }
    } catch {
      return { status: 'retry', reason: 'network' }
    }
  }

  async check() {
    return []
  }

  async close(): Promise<void> {}
}

test('a careless exporter fails at what it gets wrong', async () => {
  const bodies = new Map<string, () => Promise<void>>()
  const harness = {
    ...shared,
    create: (address: string, { secret }: { secret: string }) => new Careless(address, secret),
  }
  conformance(harness, (name, body) => bodies.set(name, body))
  const failed: string[] = []
  await Promise.all([...bodies].map(([name, body]) => body().catch(() => failed.push(name))))
  const passed = [...bodies.keys()].filter((name) => !failed.includes(name))
  expect(passed).toEqual(['a refused connection is retry and not ambiguous', 'closes twice'])
})
