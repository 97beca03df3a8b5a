// What an exporter says is kept in the ledger: the credentials go before that, and nothing else does.
import type { Exporter } from '@circleci-audit-forwarder/contract'
import { auditRecord, canary, overheard } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { discreet } from '../../src/delivery/discreet.ts'
import { redact } from '../../src/telemetry/redact.ts'

const secret = canary(`p@ss"w/`)
const said = `bad header: ${secret}, ${JSON.stringify(secret)}, ${encodeURIComponent(secret)}`
const batch = { members: [], token: 't', now: 0 }
const { signal } = new AbortController()

/** As careless as an exporter from elsewhere can be. A class with private fields, as ours are. */
class Careless implements Exporter {
  readonly limits = { records: 7, bytes: 70 }
  readonly encodingKey = 'careless'
  readonly deduplicationMs = 5
  readonly #said = said

  encode() {
    return { bytes: Buffer.from(this.#said) }
  }

  async send() {
    return { status: 'rejected', records: [{ index: 3, reason: this.#said }], taken: 2 } as const
  }

  async confirm() {
    return new Map([[secret, { status: 'stopped', cause: 'credentials', reason: this.#said }]] as const)
  }

  async stored(): Promise<readonly number[]> {
    throw new Error(this.#said)
  }

  async readBack() {
    return { status: 'retry', reason: this.#said } as const
  }

  async check() {
    return [{ level: 'error', what: 'the token', detail: this.#said }] as const
  }

  async close(): Promise<void> {}
}

const discrete = (): Exporter => discreet(new Careless(), (text) => redact(text, [secret]))
const clean = 'bad header: [redacted], "[redacted]", [redacted]'

test('reasons, findings and errors lose their credentials and keep all else', async () => {
  const exporter = overheard(discrete())
  expect(await exporter.send(batch, signal)).toEqual({
    status: 'rejected',
    records: [{ index: 3, reason: clean }],
    taken: 2,
  })
  expect(await exporter.check(signal)).toEqual([{ level: 'error', what: 'the token', detail: clean }])
  expect(await exporter.readBack?.(batch, signal)).toEqual({ status: 'retry', reason: clean })
  await expect(exporter.stored?.(batch, signal)).rejects.toThrow(new Error(clean))
})

test('receipts come back as they were given', async () => {
  const answers = await discrete().confirm?.([secret], signal)
  expect([...(answers ?? [])]).toEqual([[secret, { status: 'stopped', cause: 'credentials', reason: clean }]])
})

test('what is sent, and what the lane goes by, is untouched', async () => {
  const exporter = discrete()
  expect(exporter).toMatchObject({ limits: { records: 7, bytes: 70 }, encodingKey: 'careless', deduplicationMs: 5 })
  expect(Buffer.from(exporter.encode(auditRecord()).bytes).toString()).toBe(said)
  expect(exporter.encode).toBe(exporter.encode)
  await exporter.close()
  const { limits, encode, send, check, close } = exporter
  const plain = discreet({ limits, encode, send, check, close }, String)
  expect([plain.confirm, plain.stored, plain.deduplicationMs]).toEqual([undefined, undefined, undefined])
})
