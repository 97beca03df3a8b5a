import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { StopSignals } from '../../src/cli/stop.ts'

/** A process that can be sent signals, and a clock that stands still until it is moved. */
function staged() {
  const source = new EventEmitter()
  const said: string[] = []
  let now = 5_000
  const signals = new StopSignals({
    source,
    now: () => now,
    stopping: (signal) => said.push(`stopping: ${signal}`),
    endNow: (signal) => said.push(`end now: ${signal}`),
  })
  const after = (ms: number, signal: string): void => {
    now += ms
    source.emit(signal, signal)
  }
  return { stop: signals.aborted, after, said }
}

test.each(['SIGINT', 'SIGTERM'])('%s asks for a stop', (name) => {
  const { stop, after, said } = staged()
  expect(stop.aborted).toBe(false)
  after(0, name)
  expect(stop.aborted).toBe(true)
  expect(said).toEqual([`stopping: ${name}`])
})

test('one Ctrl-C that arrives twice, from the terminal and from npm, is one', () => {
  const { after, said } = staged()
  after(0, 'SIGINT')
  after(3, 'SIGINT')
  after(996, 'SIGINT')
  expect(said).toEqual(['stopping: SIGINT'])
})

test('a second signal a second later ends the process at once', () => {
  const { after, said } = staged()
  after(0, 'SIGINT')
  after(1_000, 'SIGINT')
  expect(said).toEqual(['stopping: SIGINT', 'end now: SIGINT'])
})

test('the second is measured from the first, so impatience ends it however fast the keys come', () => {
  const { after, said } = staged()
  after(0, 'SIGINT')
  for (let press = 0; press < 10; press += 1) after(100, 'SIGINT')
  expect(said).toEqual(['stopping: SIGINT', 'end now: SIGINT'])
})

test('a second signal of the other kind counts the same', () => {
  const { after, said } = staged()
  after(0, 'SIGTERM')
  after(5, 'SIGINT')
  after(2_000, 'SIGINT')
  expect(said).toEqual(['stopping: SIGTERM', 'end now: SIGINT'])
})
