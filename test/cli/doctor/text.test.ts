import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bounded } from '../../../src/cli/doctor/bounded.ts'
import { type Component, reportOf } from '../../../src/cli/doctor/report.ts'
import { reportText } from '../../../src/cli/doctor/text.ts'
import { isWrong } from '../../../src/domain/finding.ts'
import { sample } from './sample.ts'

const about = { version: '1.2.3', config: '/etc/forwarder/config.yaml', now: Date.UTC(2026, 10, 21, 8) }

const components: readonly Component[] = [
  {
    kind: 'configuration',
    id: 'configuration',
    findings: [{ level: 'ok', what: '/etc/forwarder/config.yaml is valid', detail: '1 receiver, 3 exporters' }],
  },
  {
    kind: 'ledger',
    id: 'ledger',
    findings: [
      { level: 'ok', what: 'a running forwarder holds it' },
      {
        level: 'warning',
        what: 'the disk has room',
        detail: '100 MiB free',
        next: 'free space: a full disk stops progress',
      },
    ],
  },
  {
    kind: 'store',
    id: 'circleci_audit',
    findings: [
      { level: 'ok', what: 'objects under s3://acme-circleci-audit/audit-logs can be listed' },
      {
        level: 'error',
        what: 'the newest object can be read and decoded',
        detail:
          'cannot read s3://acme-circleci-audit/audit-logs/year=2026/month=11/day=21/hour=07/2026-11-21T07:52:30_a1b2c3d4e5f60718293a4b5c6d7e8f9001122334: AccessDenied: Access Denied',
        next: "grant s3:GetObject on arn:aws:s3:::acme-circleci-audit/audit-logs/*, and kms:Decrypt on the bucket's key if it has one",
      },
    ],
  },
  {
    kind: 'queue',
    id: 'circleci_audit',
    findings: [
      { level: 'ok', what: 'the queue is there', detail: 'about 3 messages waiting, 0 being read' },
      { level: 'unknown', what: 'messages may be received (sqs:ReceiveMessage)', detail: 'not tried' },
    ],
  },
  {
    kind: 'destination',
    id: 'splunk_hec/soc',
    findings: [{ level: 'error', what: 'token is accepted', detail: 'answers with\u001b[31m\na second line' }],
  },
  { kind: 'destination', id: 'file', findings: [{ level: 'ok', what: 'file /var/log/audit.jsonl' }] },
]

test.each([
  ['wide', undefined],
  ['narrow', 80],
  ['absurd', 1],
])('the table, %s', async (name, width) => {
  await expect(`${reportText(reportOf(components, about), width)}\n`).toMatchFileSnapshot(`golden/${name}.txt`)
})

test('a healthy set-up says so', () => {
  const healthy = components.filter((component) => !isWrong(component.findings))
  expect(reportText(reportOf(healthy, about)).split('\n').at(-1)).toBe(
    'nothing is wrong (4 proven, 1 not provable from here, 1 warning, 0 errors)',
  )
})

test('the document counts, judges and dates', () => {
  expect(reportOf(components, about)).toMatchObject({
    version: '1.2.3',
    at: '2026-11-21T08:00:00.000Z',
    healthy: false,
    counts: { ok: 5, warning: 1, error: 2, unknown: 1 },
    components: [
      { wrong: false },
      { wrong: false },
      { wrong: true },
      { wrong: false },
      { wrong: true },
      { wrong: false },
    ],
  })
})

test.each([
  [[], false],
  [['ok', 'warning', 'unknown'], false],
  [['unknown'], false],
  [['warning', 'unknown'], false],
  [['ok', 'error'], true],
] as const)('%j is wrong: %s', (levels, wrong) => {
  expect(isWrong(levels.map((level) => ({ level, what: 'x' })))).toBe(wrong)
})

test('a check that heeds its signal tells what it found; one that does not is given up', async () => {
  const heeds = (signal: AbortSignal) =>
    new Promise<{ level: 'ok'; what: string }[]>((resolve) => {
      signal.addEventListener('abort', () => resolve([{ level: 'ok', what: 'half of it' }]))
    })
  expect(await bounded('it answers', 20, heeds)).toEqual([{ level: 'ok', what: 'half of it' }])
  expect(await bounded('it answers', 20, () => new Promise(() => undefined))).toMatchObject([
    {
      level: 'error',
      what: 'it answers',
      detail: 'no answer within 20 ms',
      next: expect.stringContaining('--timeout'),
    },
  ])
  expect(await bounded('it answers', 20, () => Promise.reject(new Error('boom')))).toMatchObject([
    { level: 'error', detail: 'boom' },
  ])
})

test('docs/operations.md shows a report as the program prints it', () => {
  const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
  expect(page).toContain(`\`\`\`\n${reportText(reportOf(sample, about), 118)}\n\`\`\`\n`)
})
