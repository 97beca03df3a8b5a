// What the pages show the program to print: each block is printed anew by the program's own functions, from data that could
// be so. A block may leave out what stands above and below it, and `…` in it stands for anything within its line.
import { encodeText } from '@circleci-audit-forwarder/exporter-console'
import type { StatusDocument } from '../../src/admin/status.ts'
import { backfilledText } from '../../src/cli/backfill/text.ts'
import { reportOf } from '../../src/cli/doctor/report.ts'
import { reportText } from '../../src/cli/doctor/text.ts'
import { importText } from '../../src/cli/import/text.ts'
import { entriesText, groupsText, replayedText } from '../../src/cli/quarantine/text.ts'
import { statusText } from '../../src/cli/status-text.ts'
import { sample } from '../cli/doctor/sample.ts'
import { patternOf } from './differences.ts'
import { exampleRecord } from './example-record.ts'

export interface Output {
  readonly page: string
  /** How the block begins. */
  readonly begins: string
  readonly print: () => string
}

/** Whether the block is a part of what was printed. */
export function isPartOf(block: string, printed: string): boolean {
  return new RegExp(`(^|\\n)${patternOf(block.trimEnd())}(\\n|$)`).test(printed)
}

export const outputs: readonly Output[] = [
  {
    page: 'exporters/console/README.md',
    begins: '2026-03-04T14:02:11.123Z  info',
    print: () => encodeText(exampleRecord),
  },
  { page: 'docs/operations.md', begins: 'DESTINATION                 STATE', print: () => statusText(status) },
  { page: 'docs/operations.md', begins: 'COMPONENT             RESULT', print: () => reportText(report(), 118) },
  { page: 'docs/gaps.md', begins: 'circleci_audit: last complete sweep', print: () => statusText(rhythm) },
  { page: 'docs/import.md', begins: 'audit-log-2026-03.csv: 12,345 rows', print: () => importText(imported) },
  { page: 'docs/repair.md', begins: 'DESTINATION     ENTRIES', print: quarantine },
  { page: 'docs/repair.md', begins: '     212  delivered', print: () => replayedText({ ...nothing, delivered: 212 }) },
  { page: 'docs/repair.md', begins: '48 objects', print: () => backfilledText(backfilled, {} as never) },
]

const destination: StatusDocument['destinations'][number] = {
  id: 'file',
  receiver: 'circleci_audit',
  state: 'idle',
  explanation: 'everything known is settled',
  startAt: '1970-01-01T00:00:00.000Z',
  watermark: '2026-11-21T02:18:19.000Z',
  watermarkAgeSeconds: 306,
  outstanding: { objects: 0, late: 0, oldest: null },
  delivered: 424,
  filtered: 0,
  duplicates: 4,
  quarantined: 1,
  lost: { objects: 0, bytes: 0 },
  possibleDuplicates: 0,
  adopted: 0,
  provisional: 0,
  lateTotal: 0,
  lastObjectTime: null,
  lastEventTime: '2026-11-21T02:17:52.000Z',
  lastDelivery: {
    at: '2026-11-21T02:18:31.000Z',
    key: 'audit-logs/2026-11-21T02:18:19Z.json.gz',
    objectTime: '2026-11-21T02:18:19.000Z',
  },
  live: null,
  stop: null,
}

const status = {
  at: '2026-11-21T02:23:25.000Z',
  forwarder: null,
  replica: null,
  gaps: [],
  retired: [],
  receivers: [],
  totals: { objects: 112, events: 428, bad: 1, altered: 0 },
  destinations: [
    destination,
    {
      ...destination,
      id: 'otlp_http',
      state: 'retrying',
      watermark: '2026-11-09T02:10:21.000Z',
      watermarkAgeSeconds: 12 * 86_400,
      outstanding: {
        ...{ objects: 112, late: 0 },
        oldest: {
          ...{ time: '2026-11-09T02:10:21.000Z', ageSeconds: 12 * 86_400, reason: null },
          key: 'audit-logs/2026-11-09T02:10:21Z.json.gz',
        },
      },
      lastEventTime: null,
      lastDelivery: null,
      delivered: 0,
      explanation:
        '112 objects outstanding, trying again: POST http://127.0.0.1:9/v1/logs: connect ECONNREFUSED 127.0.0.1:9',
    },
  ],
} as unknown as StatusDocument

/** Seconds by hour of a working day. */
const weekday = [...Array(6).fill(7), ...Array(12).fill(1), ...Array(6).fill(9)].map((hours: number) => hours * 3600)
const rhythm: StatusDocument = {
  ...status,
  destinations: [],
  receivers: [
    {
      id: 'circleci_audit',
      sweptTo: '2026-11-20T08:00:00.000Z',
      lastObjectTime: '2026-11-20T07:58:12.000Z',
      floors: [...Array(5).fill(weekday), Array(48).fill(null)].flat(),
      stop: null,
    },
  ],
}

const report = () => reportOf(sample, { version: '0.1.0', config: 'config.yaml', now: Date.UTC(2026, 10, 21, 8) })

const march = (time: string) => `2026-03-${time}Z`
const imported: Parameters<typeof importText>[0] = {
  file: {
    ...{ name: 'audit-log-2026-03.csv', sha256: 'ab', rows: 12_345, unreadable: 1, events: 12_340, repeated: 5 },
    unreadableReason: '3 cells, and the file has 11 columns',
    ...{ from: march('01T00:00:12.114'), to: march('31T23:59:41.020') },
  },
  receiver: 'circleci_audit',
  dryRun: false,
  stream: { store: 's3://acme-circleci-audit', objects: 700, unreadable: 0, gone: 0, events: 12_297 },
  lackingInStream: {
    events: 45,
    count: 2,
    intervals: [
      { from: march('14T10:00:03.511'), to: march('14T10:41:59.870'), events: 44 },
      { from: march('22T04:00:00.120'), to: march('22T04:00:00.120'), events: 1 },
    ],
  },
  lackingInFile: {
    events: 2,
    count: 1,
    intervals: [{ from: march('31T23:59:39.000'), to: march('31T23:59:40.551'), events: 2 }],
  },
  destinations: ['splunk_hec/soc', 'clickhouse'].map((id) => ({
    ...{ id, skipped: 12_295, alreadyForwarded: 12_295, forwarded: 45, filtered: 0, quarantined: 1, lost: false },
  })),
}

function quarantine(): string {
  const [first, last, bad] = ['2026-11-20T02:11:09Z', '2026-11-20T09:41:55Z', '2026-11-19T17:46:54Z'].map(Date.parse)
  const refusal = { destination: 'splunk_hec/soc', reason: 'HTTP 400 code 7: incorrect index' }
  const torn = { destination: undefined, reason: 'not JSON: neither { nor [ where an event should begin' }
  const entry = {
    ...{ ...refusal, id: 7, at: first, length: 1_126, line: 12, provisional: false, replay: undefined },
    object: { ref: 1, store: 's3://acme', key: 'audit-logs/…/2026-11-20T02:10:33Z_4.json' },
  }
  const groups = [
    { ...refusal, entries: 212, bytes: 184_320, first, last },
    { ...torn, entries: 1, bytes: 15, first: bad, last: bad },
  ]
  return [...groupsText(groups as never), '', ...entriesText([entry as never])].join('\n')
}

const nothing: Parameters<typeof replayedText>[0] = {
  ...{ due: 0, arrived: 0, underWay: 0, provisional: 0, retired: 0, still: 0, gone: 0, unreadable: 0, understood: 0 },
  ...{ delivered: 0, filtered: 0, copies: 0, refused: 0, lost: 0, left: 0 },
}

const backfilled: Parameters<typeof backfilledText>[0] = {
  ...{ objects: 48, taken: 12, waiting: 0, settled: 84, events: 3_112, sent: 3_104, skipped: 8 },
  ...{ filtered: 0, quarantined: 0, lost: 0 },
}
