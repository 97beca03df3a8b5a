// Documents for other programs that the pages show, held to what those take; and what a person is told of a gap.
import { spawnSync } from 'node:child_process'
import { layouts } from '@circleci-audit-forwarder/exporter-clickhouse'
import { expect, test } from 'vitest'
import { mapOwn } from '../../src/mapping/own.ts'
import { noticeOf } from '../../src/notify/notice.ts'
import { ownSamples } from '../mapping/own-samples.ts'
import { type Block, blocksIn, nameOf } from './blocks.ts'
import { claimOf } from './claims.ts'
import { differences } from './differences.ts'
import {
  awsProblems,
  datadogProblems,
  dropInProblems,
  leqlProblems,
  moduleProblems,
  splunkProblems,
} from './formats.ts'

const ours = blocksIn().filter((block) => claimOf(block)?.by === 'test/docs/formats.test.ts')
const named = (blocks: readonly Block[]) => blocks.map((block) => [nameOf(block), block] as const)

const checks: Readonly<Record<string, (text: string) => readonly string[] | undefined>> = {
  json: (text) => awsProblems(JSON.parse(text) as object) ?? noticeProblems(text),
  ini: dropInProblems,
  sql: clauseProblems,
  hcl: moduleProblems,
  spl: splunkProblems,
  leql: leqlProblems,
  datadog: datadogProblems,
}

/** Of a clause of the table's statement: that it is in one, as the page has it. */
function clauseProblems(text: string): readonly string[] {
  const statements = layouts.map((layout) =>
    layout.ddl({ database: 'default', table: layout.table }, { retentionDays: 1 }),
  )
  return statements.some((statement) => statement.includes(text.trim())) ? [] : ['in no statement']
}

function noticeProblems(text: string): readonly string[] {
  const record = mapOwn(ownSamples['gap opened']!, { instance: 'audit-1', version: '0.1.0' })
  return differences(JSON.parse(text), JSON.parse(noticeOf(record).toString()))
}

test.each(named(ours))('%s is what it seems', (_, { language, text }) => {
  expect(checks[language]?.(text)).toEqual([])
})

const terraform = spawnSync('terraform', ['version'], { stdio: 'ignore' }).status === 0

test.skipIf(!terraform)('what is shown of Terraform is as terraform writes it (skipped without terraform)', () => {
  const shown = ours.filter(({ language }) => language === 'hcl')
  expect(shown.length).toBeGreaterThan(0)
  for (const { text } of shown) {
    const { status, stdout } = spawnSync('terraform', ['fmt', '-'], { input: text, encoding: 'utf8' })
    expect([status, stdout]).toEqual([0, text])
  }
})

test.each([
  [
    'json',
    '{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "s3:putObject", "Resource": "*" }] }',
  ],
  ['json', '{ "Rules": [{ "Status": "enabled", "Filter": {} }] }'],
  ['json', '{ "QueueConfigurations": [{ "QueueArn": "arn:aws:sqs:r:1:q", "Events": ["s3:ObjectCreated"] }] }'],
  ['json', '{ "MessageRetentionPeriod": "1", "Policy": "{}" }'],
  ['json', '{ "event": "circleci_audit_forwarder.gap.opened", "severity": "high" }'],
  ['sql', 'TTL eventTime + toIntervalDay(sourceTTL)'],
  ['ini', '[Service]\nLoadCredentials=a:b\n'],
  ['hcl', 'module "a" {\n  bucket = "b"\n  circleci_organization_id = "c"\n  irsa = {\n    name_space = "d"\n  }\n}\n'],
  ['hcl', 'module "a" {\n  prefix = "b"\n}\n'],
  ['spl', 'index=audit | stat count'],
  ['spl', 'index=audit name="a | stats count'],
  ['leql', 'where(a = "b") grupby(c)'],
  ['leql', 'where(a = "b"'],
  ['datadog', 'service:a evt.name:b'],
  ['datadog', 'service: a'],
])('what is wrong with %s is seen: %s', (language, text) => {
  expect(checks[language]?.(text)).not.toEqual([])
})
