import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { auditRecord, bareRecord } from '@circleci-audit-forwarder/contract/testing'
import { expect, test } from 'vitest'
import { ConsoleExporter, encodeJson, encodeText, module, type Output } from '../src/index.ts'

const never = new AbortController().signal

function batchOf(exporter: ConsoleExporter, ...records: ReturnType<typeof auditRecord>[]) {
  return { members: records.map((each) => exporter.encode(each)), token: 't', now: 0 }
}

test('text is one line: time, severity, event name, body', () => {
  expect(encodeText(auditRecord())).toBe(
    '2026-10-01T00:00:00.123Z  info      circleci.audit.context.create  alice created context aws-prod\n',
  )
})

test('text takes any record: no time, no severity, no name, a body that is a map', () => {
  expect(encodeText(bareRecord)).toBe('-                         -       \n')
  expect(encodeText({ ...bareRecord, severityNumber: 17, body: { a: [1] } })).toMatch(/^- +error +\{"a":\[1\]\}\n$/)
  expect(encodeText({ ...bareRecord, hrTime: [1e300, 0] })).toMatch(/^- /)
})

test('a record cannot write to the terminal, nor begin a second line', () => {
  const line = encodeText(auditRecord({ body: '\u001b[2J\nforged\u2028\u202e\u0085', eventName: 'a\rb' }))
  expect(line).toContain('a\\u{d}b  \\u{1b}[2J\\u{a}forged\\u{2028}\\u{202e}\\u{85}\n')
})

test('json is the whole record on one line', () => {
  const record = auditRecord({ body: 'two\nlines\u2028', attributes: JSON.parse('{"__proto__":{"n":1}}') })
  const line = Buffer.from(encodeJson(record)).toString()
  expect(line.indexOf('\n')).toBe(line.length - 1)
  expect(line).not.toContain('\u2028')
  expect(line).toContain('"__proto__":{"n":1}')
  expect(JSON.parse(line)).toMatchObject({
    timeUnixNano: '1790812800123456789',
    observedTimeUnixNano: '1790812860250000000',
    severityNumber: 9,
    body: 'two\nlines\u2028',
    resource: { attributes: { 'service.name': 'circleci' } },
    scope: { name: 'circleci-audit-forwarder', version: '0.1.0' },
  })
})

test('the format follows the output: text on a terminal, json on a pipe', () => {
  const terminal = Object.assign(new PassThrough(), { isTTY: true })
  expect(`${Buffer.from(new ConsoleExporter({ output: terminal }).encode(auditRecord()).bytes)}`).toMatch(/^2026/)
  const pipe = new ConsoleExporter({ output: new PassThrough() })
  expect(`${Buffer.from(pipe.encode(auditRecord()).bytes)}`).toMatch(/^\{"timeUnixNano"/)
  const told = new ConsoleExporter({ output: terminal, format: 'json' })
  expect(`${Buffer.from(told.encode(auditRecord()).bytes)}`).toMatch(/^\{/)
})

test('delivers in order, and only when the stream has taken the bytes', async () => {
  let take = () => {}
  const taken: string[] = []
  const slow = new Writable({
    highWaterMark: 1,
    write: (chunk, _encoding, done) => {
      take = () => {
        taken.push(`${chunk}`)
        done()
      }
    },
  })
  const exporter = new ConsoleExporter({ output: slow, format: 'text' })
  let settled = false
  const sending = exporter.send(batchOf(exporter, auditRecord({ body: 'one' }), auditRecord({ body: 'two' })), never)
  sending.then(() => {
    settled = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(settled).toBe(false)
  take()
  expect(await sending).toEqual({ status: 'delivered' })
  expect(
    taken
      .join('')
      .split('\n')
      .map((line) => line.slice(-3)),
  ).toEqual(['one', 'two', ''])
})

test('an abort while the stream is stuck is a retry that may have been stored', async () => {
  const stuck = new Writable({ write: () => {} })
  const exporter = new ConsoleExporter({ output: stuck })
  const stop = new AbortController()
  const sending = exporter.send(batchOf(exporter, auditRecord()), stop.signal)
  stop.abort()
  expect(await sending).toMatchObject({ status: 'retry', ambiguous: true })
  expect(await exporter.send(batchOf(exporter, auditRecord()), stop.signal)).toMatchObject({ ambiguous: false })
})

test('another error of the stream is a retry', async () => {
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space')) })
  const exporter = new ConsoleExporter({ output: broken })
  expect(await exporter.send(batchOf(exporter, auditRecord()), never)).toMatchObject({
    status: 'retry',
    reason: expect.stringContaining('no space'),
  })
})

test('a reader that went away stops the destination and does not end the process', async () => {
  const program = fileURLToPath(new URL('epipe.ts', import.meta.url))
  const args = ['--conditions=@circleci-audit-forwarder/source', program]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdout.destroy()
  child.stdin.end('go')
  const said = text(child.stderr)
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  const [outcome, findings] = (await said)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(outcome).toMatchObject({ status: 'stopped', cause: 'configuration', reason: expect.stringContaining('EPIPE') })
  expect(findings).toMatchObject([{ level: 'error', what: 'output is closed' }])
})

test('close may be called twice and leaves the stream open, with no listener behind', async () => {
  const output = new PassThrough()
  const before = output.listenerCount('error')
  const exporter = new ConsoleExporter({ output })
  await exporter.close()
  await exporter.close()
  expect(output.writable).toBe(true)
  expect(output.listenerCount('error')).toBe(before)
  expect(await exporter.send(batchOf(exporter, auditRecord()), never)).toMatchObject({ status: 'retry' })
})

test('check says whether the output is open', async () => {
  const open: Output = new PassThrough()
  expect(await new ConsoleExporter({ output: open }).check(never)).toMatchObject([{ level: 'ok' }])
})

test('the module takes no setting it does not know', () => {
  expect(module.schema.safeParse({}).success).toBe(true)
  expect(module.schema.safeParse({ fmt: 'json' }).success).toBe(false)
  expect(module.create(module.schema.parse({ format: 'json' }))).toBeInstanceOf(ConsoleExporter)
})
