// What the page and the guides say of own records holds of the records themselves.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '@circleci-audit-forwarder/exporter-file'
import { expect, test } from 'vitest'
import { control } from '../../src/domain/control.ts'
import { ownPrefix } from '../../src/mapping/own.ts'
import { ownSamples } from '../mapping/own-samples.ts'
import { auditEvents, hour, hourSaid, ownRecord } from './own-hour.ts'

const page = readFileSync(new URL('../../docs/own-records.md', import.meta.url), 'utf8')

function section(kind: string): string {
  const [, after = ''] = page.split(`### \`${ownPrefix}${kind}\``)
  return after.split('\n##')[0] ?? ''
}

test.each(['heartbeat', 'control'])('the page lists what a %s says, and nothing else', (kind) => {
  const said = Object.values(ownSamples).filter((record) => record.kind === kind)
  const names = new Set(said.flatMap(({ attributes }) => Object.keys(attributes)))
  const listed = [...section(kind).matchAll(/^\| (`[^|]*`) \|/gm)].flatMap(
    ([, cell = '']) => cell.match(/[a-z_]+/g) ?? [],
  )
  expect(listed.sort()).toEqual([...names].sort())
})

test('the page knows every kind there is', () => {
  for (const { kind } of Object.values(ownSamples))
    expect(page).toContain(kind === 'gap.closed' ? '`.gap.closed`' : `${ownPrefix}${kind}`)
})

const jq = hasJq()

function hasJq(): boolean {
  try {
    execFileSync('jq', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test.skipIf(!jq)("the file's guide finds an hour that does not agree, and none that does (skipped without jq)", () => {
  const folder = mkdtempSync(join(tmpdir(), 'own-records-'))
  try {
    const guide = readFileSync(new URL('../../exporters/file/README.md', import.meta.url), 'utf8')
    const [last = '', differing = ''] = [...guide.matchAll(/```sh\n(jq [\s\S]*?)```/g)].map(([, script = '']) => script)
    const search = (script: string, records: readonly object[]): string => {
      const lines = records.map((record) => Buffer.from(encode(record as never)).toString())
      writeFileSync(join(folder, 'audit.jsonl'), lines.join(''))
      return execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
    }
    const events = auditEvents(3)
    const before = ownRecord(control({ ...hourSaid, revision: 1, delivered: 2 }, 'i', 0))
    const told = ownRecord(control({ ...hourSaid, revision: 2, delivered: 3 }, 'i', 0))
    // One that was sent twice is one.
    expect(search(differing, [told, before, ...events, events[0] as object])).toBe('')
    expect(search(differing, [before, told, ...events.slice(1)])).toBe(`${hour.slice(0, 13)}: told 3, here 2\n`)
    expect(search(differing, [told])).toBe(`${hour.slice(0, 13)}: told 3, here 0\n`)
    const beats = ['heartbeat', 'heartbeat for many'].map((name) => ownRecord(ownSamples[name] as never))
    expect(search(last, [told, ...beats.toReversed(), ...events])).toBe('1772633100000000000\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
