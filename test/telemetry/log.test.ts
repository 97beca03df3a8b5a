import { expect, test } from 'vitest'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { createLog, type LogOptions } from '../../src/telemetry/log.ts'
import { everyEvent, samples } from './samples.ts'

class Paper {
  text = ''
  time = Date.UTC(2026, 10, 3, 8)
  write(text: string): void {
    this.text += text
  }
  get lines(): readonly Record<string, unknown>[] {
    return this.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line))
  }
}

function logOn(paper: Paper, options: Partial<LogOptions> = {}): (event: TelemetryEvent) => void {
  return createLog({
    level: 'debug',
    format: 'auto',
    stream: paper,
    isTTY: false,
    now: () => paper.time,
    secrets: ['hunter2!'],
    ...options,
  })
}

test('every event is one JSON line with time, level, sentence and its own fields', () => {
  const paper = new Paper()
  for (const event of everyEvent) logOn(paper)(event)
  expect(paper.lines).toHaveLength(everyEvent.length)
  for (const [index, line] of paper.lines.entries()) {
    expect(line).toMatchObject({ event: everyEvent[index]?.type, time: '2026-11-03T08:00:00.000Z' })
    expect(line['level']).toMatch(/^(debug|info|warn|error)$/)
    expect(line['message']).not.toMatch(/undefined|NaN|\[object|null/)
  }
  expect(paper.lines.map((line) => `${line['level']} ${line['message']}`)).toMatchSnapshot()
})

test('on a terminal every event is one readable line', () => {
  const paper = new Paper()
  for (const event of everyEvent.filter(({ type }) => type !== 'bug')) logOn(paper, { isTTY: true })(event)
  expect(paper.text.trimEnd().split('\n')).toHaveLength(everyEvent.length - 1)
  expect(paper.text).toContain('stopped, nothing is dropped: 403 invalid token')
  expect(paper.text).not.toContain('{')
})

test('the format can be chosen against the terminal', () => {
  const paper = new Paper()
  logOn(paper, { isTTY: true, format: 'json' })(samples.started)
  expect(paper.lines).toHaveLength(1)
})

test('a bug carries its stack, in both formats', () => {
  const json = new Paper()
  logOn(json)(samples.bug)
  expect(json.lines[0]).toMatchObject({
    error: 'TypeError: x is undefined',
    stack: expect.stringContaining('samples.ts'),
  })
  const text = new Paper()
  logOn(text, { format: 'text' })(samples.bug)
  expect(text.text).toContain('samples.ts')
})

test('says less than its level nothing', () => {
  const paper = new Paper()
  logOn(paper, { level: 'warn' })(samples.started)
  expect(paper.text).toBe('')
})

test('the same warning is said once per ten seconds, with a count of the others', () => {
  const paper = new Paper()
  const tell = logOn(paper)
  for (let second = 0; second < 9; second += 1) {
    tell({ ...samples.batch_retried, attempts: second })
    paper.time += 1000
  }
  tell({ ...samples.batch_retried, reason: 'connection refused' })
  tell({ ...samples.batch_retried, destination: 'clickhouse' })
  expect(paper.lines).toHaveLength(3)
  paper.time += 1000
  tell(samples.messages_received)
  expect(paper.lines.map((line) => line['suppressed'])).toEqual([undefined, undefined, undefined, 8, undefined])
})

test('what was withheld is counted before the last line', () => {
  const paper = new Paper()
  const tell = logOn(paper)
  for (let time = 0; time < 3; time += 1) tell(samples.sweep_failed)
  tell(samples.stopped)
  expect(paper.lines.map((line) => line['suppressed'] ?? 0).reduce((a, b) => (a as number) + (b as number))).toBe(2)
})

test('the normal course is not limited', () => {
  const paper = new Paper()
  const tell = logOn(paper)
  for (let time = 0; time < 3; time += 1) tell(samples.batch_delivered)
  expect(paper.lines).toHaveLength(3)
})

test.each(['json', 'text'] as const)('no secret reaches a %s line, not even through a bug', (format) => {
  const paper = new Paper()
  const tell = logOn(paper, { format })
  tell({ ...samples.batch_retried, reason: 'POST https://u:p4ss@x.test/?token=abc says hunter2!' })
  tell({ type: 'bug', where: 'hunter2!', error: new Error('Splunk 11111111-2222-3333-4444-555555555555 hunter2!') })
  for (const secret of ['hunter2!', 'p4ss', 'abc', '11111111']) expect(paper.text).not.toContain(secret)
})

test('an answer with line breaks and escape sequences writes no line of its own', () => {
  const paper = new Paper()
  const reason = 'busy\n[2026-11-03 08:00:00] INFO: all is well\u001b[2J'
  logOn(paper, { format: 'text' })({ ...samples.batch_retried, reason })
  expect(paper.text.trimEnd()).not.toMatch(/\p{Cc}/u)
})

test('the end says how often a warning was held back, although its own line is below the level written', () => {
  const paper = new Paper()
  const tell = logOn(paper, { level: 'warn' })
  for (let i = 0; i < 5; i++) tell(samples.batch_retried)
  tell(samples.stopped)
  expect(paper.lines).toHaveLength(2)
  expect(paper.text).toContain('and 4 more times')
})

test('a stream that fails stops nobody', () => {
  const broken = {
    write: () => {
      throw new Error('EPIPE')
    },
  }
  expect(() =>
    createLog({ level: 'info', format: 'json', stream: broken, isTTY: false, now: () => 0, secrets: [] })(
      samples.started,
    ),
  ).not.toThrow()
})
