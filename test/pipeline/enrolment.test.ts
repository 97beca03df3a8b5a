// What a start does with a ledger that knows other destinations than the configuration.
import { expect, test } from 'vitest'
import { SetupError } from '../../src/domain/failures.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { MemoryLedger } from '../../src/ledger/memory/ledger.ts'
import { Enrolment } from '../../src/pipeline/enrolment.ts'
import type { DestinationSpec } from '../../src/pipeline/parts.ts'
import type { TelemetryEvent } from '../../src/telemetry/events.ts'
import { hour, start } from '../ledger/lane.ts'
import { at, route, see } from '../ledger/pieces.ts'

const clock = { now: () => start + hour, monotonic: () => 0, sleep: () => Promise.resolve() }

/** Only what enrolment looks at. */
function spec(id: string, renamedFrom?: string): DestinationSpec {
  const routes = [{ receiver: 'bucket', startAt: { from: 'now' } }]
  return { id, routes, ...(renamedFrom !== undefined && { renamedFrom }) } as unknown as DestinationSpec
}

function enrol(ledger: Ledger, ...destinations: DestinationSpec[]): readonly TelemetryEvent[] {
  const told: TelemetryEvent[] = []
  new Enrolment({ ledger, clock, destinations, tell: (event) => told.push(event) })
  return told
}

function refusalOf(ledger: Ledger, ...destinations: DestinationSpec[]): string {
  const before = JSON.stringify([ledger.accounts(), ledger.retired()])
  try {
    enrol(ledger, ...destinations)
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    expect(JSON.stringify([ledger.accounts(), ledger.retired()])).toBe(before)
    return `${error.message}\n${error.hint}`
  }
  throw new Error('accepted')
}

/** `splunk_hec/a` has two objects outstanding, `file` all delivered. */
function known(): Ledger {
  const ledger = new MemoryLedger()
  ledger.enrol([route('splunk_hec/a'), route('file', start + 9 * hour)], start)
  see(ledger, at(1), at(2))
  return ledger
}

test('a destination of the type of one that is gone is refused until it is said whether it is the same', () => {
  expect(refusalOf(known(), spec('splunk_hec/soc'), spec('file'))).toBe(
    'splunk_hec/soc is new to the ledger, and splunk_hec/a is gone from the configuration with 2 objects undelivered\n' +
      'if it was renamed, write `renamed_from: splunk_hec/a` under exporters.splunk_hec/soc, and it goes on where it was; ' +
      'if it is another destination, write `renamed_from: none`',
  )
})

test('renamed_from gives the new name what the old one had, once', () => {
  const ledger = known()
  const renamed = spec('splunk_hec/soc', 'splunk_hec/a')
  expect(enrol(ledger, renamed, spec('file'))).toEqual([
    { type: 'destination_renamed', destination: 'splunk_hec/soc', from: 'splunk_hec/a' },
  ])
  expect(ledger.accounts()).toMatchObject([{ destination: 'splunk_hec/soc', outstanding: 2 }, { destination: 'file' }])
  // The setting may stay.
  expect(enrol(ledger, renamed, spec('file'))).toEqual([])
  expect(ledger.retired()).toEqual([])
})

test('who comes, goes or is renamed is told to all that take own records, with who, when and why', () => {
  const ledger = known()
  const own = { instance: 'i', version: '1', operator: 'ann@host', heartbeatMs: 1 }
  const parts = { ledger, clock, own, tell: () => {} }
  const first = new Enrolment({ ...parts, destinations: [spec('splunk_hec/soc', 'splunk_hec/a'), spec('datadog')] })
  const startAt = start + 2 * hour
  first.add([{ destination: 'datadog', receiver: 'bucket', startAt }])
  first.add([{ destination: 'datadog', receiver: 'bucket', startAt }])
  new Enrolment({ ...parts, destinations: [spec('splunk_hec/soc')] })
  const acts = ledger.waiting('splunk_hec/soc', { kind: 'act', before: start + 9 * hour, limit: 9 })
  const why = 'the configuration it was started with'
  expect(acts.map(({ record }) => record.body)).toEqual([
    `splunk_hec/a is called splunk_hec/soc from now on, by ann@host: ${why} says \`renamed_from\``,
    `file is no longer fed by bucket; nothing left undelivered, by ann@host: ${why} no longer has it`,
    `datadog is fed by bucket from now on, with objects from ${new Date(startAt).toISOString()} on, by ann@host: ${why} names it`,
    `datadog is no longer fed by bucket; 1 object left undelivered, by ann@host: ${why} no longer has it`,
  ])
  expect(acts[1]?.record).toMatchObject({
    at: start + hour,
    level: 'warning',
    attributes: { act: 'destination_retired', by: 'ann@host', destination: 'file', receiver: 'bucket' },
  })
  expect(ledger.ownStandings()).toMatchObject([{ destination: 'splunk_hec/soc', outstanding: 4 }])
})

test('what is told of a change is not told where the change could not be written', () => {
  const ledger = known()
  const own = { instance: 'i', version: '1', operator: 'ann@host', heartbeatMs: 1 }
  const broken = new Proxy<Ledger>(ledger, {
    get: (target, name) => {
      if (name === 'record') throw new Error('the disk is full')
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const told: TelemetryEvent[] = []
  const parts = { clock, own, tell: (event: TelemetryEvent) => told.push(event) }
  expect(() => new Enrolment({ ...parts, ledger: broken, destinations: [spec('file')] })).toThrow('the disk is full')
  expect([ledger.retired(), told, ledger.routes()]).toEqual([[], [], known().routes()])
})

test('renamed_from: none leaves the old one retired and begins anew', () => {
  const ledger = known()
  expect(enrol(ledger, spec('splunk_hec/soc', 'none'), spec('file'))).toMatchObject([
    { type: 'route_retired', destination: 'splunk_hec/a', receiver: 'bucket', outstanding: 2 },
  ])
  expect(ledger.accounts().map(({ destination }) => destination)).toEqual(['file'])
  expect(ledger.retired()).toMatchObject([{ destination: 'splunk_hec/a', outstanding: 2, retiredAt: start + hour }])
})

test('a destination that goes with everything delivered is asked for too: what comes before the next start is not known yet', () => {
  const ledger = known()
  expect(refusalOf(ledger, spec('splunk_hec/a'), spec('file/archive'))).toMatch(
    /^file\/archive is new to the ledger, and file is gone from the configuration\nif it was renamed/,
  )
})

test('one that went before, with everything delivered, is no reason to ask', () => {
  const ledger = known()
  enrol(ledger, spec('splunk_hec/a'))
  expect(enrol(ledger, spec('splunk_hec/a'), spec('file/archive'))).toEqual([])
})

test('one that went before with something undelivered is', () => {
  const ledger = known()
  enrol(ledger, spec('file'))
  expect(refusalOf(ledger, spec('file'), spec('splunk_hec/soc'))).toMatch(/splunk_hec\/a is gone .* with 2 objects/)
  enrol(ledger, spec('file'), spec('splunk_hec/soc', 'splunk_hec/a'))
  expect(ledger.retired()).toMatchObject([{ destination: 'splunk_hec/soc', outstanding: 2 }])
})

test('a misspelt renamed_from is refused where somebody of the type is gone, and taken for done where nobody is', () => {
  const ledger = known()
  expect(refusalOf(ledger, spec('splunk_hec/soc', 'splunk_hec/b'), spec('file'))).toMatch(
    /^splunk_hec\/soc is renamed from splunk_hec\/b, which the ledger does not know, and splunk_hec\/a is gone/,
  )
  enrol(ledger, spec('splunk_hec/a'), spec('splunk_hec/soc', 'splunk_hec/b'), spec('file'))
  expect(enrol(new MemoryLedger(), spec('splunk_hec/soc', 'splunk_hec/b'))).toEqual([])
})

test('a rename onto a destination with progress of its own is refused', () => {
  const ledger = known()
  ledger.enrol([route('splunk_hec/a'), route('splunk_hec/soc')], start)
  expect(refusalOf(ledger, spec('splunk_hec/soc', 'splunk_hec/a'))).toBe(
    'splunk_hec/soc cannot take over from splunk_hec/a: the ledger knows both, and each has progress of its own\n' +
      'take `renamed_from` out of exporters.splunk_hec/soc; to deliver what splunk_hec/a still has, configure it again under that name',
  )
})

test('another type is another destination', () => {
  const ledger = known()
  expect(enrol(ledger, spec('otlp_http'), spec('file'))).toMatchObject([{ type: 'route_retired' }])
})

test('what is refused is refused before anything is renamed', () => {
  const ledger = known()
  refusalOf(ledger, spec('splunk_hec/soc', 'splunk_hec/a'), spec('file/archive'))
})
