import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FileExporter } from '../src/index.ts'
import { type Fault, PlayedDisk } from './played-disk.ts'

const never = new AbortController().signal

function exporterOn(disk: PlayedDisk): FileExporter {
  return new FileExporter({ path: '/d/audit.jsonl', maxBytes: 3000 }, disk)
}

function batchOf(exporter: FileExporter, ids: readonly string[], now = 0) {
  const records = ids.map((id) => auditRecord({ id }))
  return { members: records.map((each) => exporter.encode(each)), token: 't', now }
}

/** Ids of all lines of all files; fails on a line that is no whole record. */
function stored(disk: PlayedDisk): readonly string[] {
  return disk.paths().flatMap((path) => {
    const content = disk.content(path)
    if (content !== '') expect(content.endsWith('\n')).toBe(true)
    const lines = content.split('\n').slice(0, -1)
    return lines.map((line) => JSON.parse(line).attributes['log.record.uid'] as string)
  })
}

test('out of space in the middle of a write: nothing of the batch remains, and it goes through later', async () => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  await exporter.send(batchOf(exporter, ['a']), never)
  disk.fault = (operation) => (operation === 'append' ? { code: 'ENOSPC' } : undefined)
  expect(await exporter.send(batchOf(exporter, ['b', 'c']), never)).toEqual({
    status: 'retry',
    reason: 'cannot write to /d/audit.jsonl: ENOSPC; free space on its disk',
    ambiguous: false,
  })
  expect(stored(disk)).toEqual(['a'])
  disk.fault = () => undefined
  expect(await exporter.send(batchOf(exporter, ['b', 'c']), never)).toEqual({ status: 'delivered' })
  expect(stored(disk)).toEqual(['a', 'b', 'c'])
})

test('a failed write that cannot be undone is cut before the next one', async () => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  await exporter.send(batchOf(exporter, ['a']), never)
  disk.fault = (operation) => (['append', 'truncate'].includes(operation) ? { code: 'EIO' } : undefined)
  expect(await exporter.send(batchOf(exporter, ['b']), never)).toMatchObject({ status: 'retry', ambiguous: true })
  disk.fault = () => undefined
  expect(await exporter.send(batchOf(exporter, ['b']), never)).toEqual({ status: 'delivered' })
  expect(stored(disk)).toEqual(['a', 'b'])
})

test('a failed write that cannot be undone is cut although somebody renamed the file meanwhile', async () => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  disk.fault = (operation) => (['append', 'truncate'].includes(operation) ? { code: 'EIO' } : undefined)
  await exporter.send(batchOf(exporter, ['a']), never)
  disk.fault = () => undefined
  await disk.rename('/d/audit.jsonl', '/d/moved')
  expect(await exporter.send(batchOf(exporter, ['a']), never)).toEqual({ status: 'delivered' })
  expect(disk.content('/d/moved')).toBe('')
  expect(stored(disk)).toEqual(['a'])
})

test('a failed fsync is no delivery', async () => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  disk.fault = (operation) => (operation === 'sync' ? { code: 'EIO' } : undefined)
  expect(await exporter.send(batchOf(exporter, ['a']), never)).toMatchObject({ status: 'retry', ambiguous: true })
})

test('short writes are completed', async () => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  disk.fault = (operation) => (operation === 'append' ? { short: true } : undefined)
  expect(await exporter.send(batchOf(exporter, ['a', 'b']), never)).toEqual({ status: 'delivered' })
  expect(stored(disk)).toEqual(['a', 'b'])
})

test.each([
  ['EACCES', 'let the forwarder write'],
  ['EROFS', 'read-only'],
  ['ENOENT', 'create its directory'],
])('%s stops the destination and says what to do', async (code, next) => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  disk.fault = (operation) => (operation === 'create' ? { code } : undefined)
  const outcome = await exporter.send(batchOf(exporter, ['a']), never)
  expect(outcome).toMatchObject({ status: 'stopped', cause: 'configuration', reason: expect.stringContaining(next) })
})

test('a rotation that fails leaves no empty file behind and loses nothing', async () => {
  const disk = new PlayedDisk()
  const exporter = exporterOn(disk)
  await exporter.send(batchOf(exporter, ['a', 'b', 'c']), never)
  disk.fault = (operation) => (operation === 'rename' ? { code: 'EACCES' } : undefined)
  expect(await exporter.send(batchOf(exporter, ['d', 'e', 'f']), never)).toMatchObject({ status: 'stopped' })
  expect(disk.paths()).toEqual(['/d/audit.jsonl'])
  disk.fault = () => undefined
  expect(await exporter.send(batchOf(exporter, ['d', 'e', 'f']), never)).toEqual({ status: 'delivered' })
  expect(stored(disk)).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
})

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom('ENOSPC', 'EIO', 'EACCES').map((code) => ({ code })),
  fc.constant({ short: true as const }),
  fc.constant({ powerLoss: true as const }),
)
const step = fc.record({
  records: fc.integer({ min: 1, max: 4 }),
  faultAt: fc.option(fc.integer({ min: 0, max: 12 }), { nil: undefined }),
  faultLasts: fc.integer({ min: 1, max: 4 }),
  fault,
  powerLossAfter: fc.boolean(),
  movedBy: fc.constantFrom('nobody', 'logrotate', 'nobody', 'nobody'),
})

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Fails the operations this step says; counts them. */
function play(disk: PlayedDisk, { faultAt, faultLasts, fault }: Step): { operations: number } {
  const count = { operations: 0 }
  disk.fault = () => {
    const at = count.operations++
    return faultAt !== undefined && at >= faultAt && at < faultAt + faultLasts ? fault : undefined
  }
  return count
}

/** A renamed file is out of reach, so logrotate comes only where a crash has left and will leave nothing to mend. */
async function logrotate(disk: PlayedDisk, name: string): Promise<void> {
  disk.fault = () => undefined
  if (!disk.isSynced('/d/audit.jsonl') || !disk.content('/d/audit.jsonl').endsWith('\n')) return
  await disk.rename('/d/audit.jsonl', `/d/moved-${name}`)
  await disk.syncDirectory()
}

async function live(steps: readonly Step[], disk: PlayedDisk, random: () => number): Promise<readonly string[]> {
  let exporter = exporterOn(disk)
  const delivered: string[] = []
  for (const [index, each] of steps.entries()) {
    const count = play(disk, each)
    const ids = Array.from({ length: each.records }, (_, n) => `${index}-${n}`)
    const outcome = await exporter.send(batchOf(exporter, ids, 1000), never)
    if (outcome.status === 'delivered') delivered.push(...ids)
    const lost = 'powerLoss' in each.fault && count.operations > (each.faultAt ?? Number.POSITIVE_INFINITY)
    if (lost || each.powerLossAfter) {
      disk.boot(random)
      exporter = exporterOn(disk)
    }
    if (each.movedBy === 'logrotate') await logrotate(disk, `${index}`)
  }
  disk.fault = () => undefined
  expect(await exporter.send(batchOf(exporter, ['last'], 2000), never)).toEqual({ status: 'delivered' })
  return [...delivered, 'last']
}

test('whatever fails, wherever power is lost: what was delivered is there, and every line is whole', async () => {
  const luck = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }))
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), luck, async (steps, random) => {
      const disk = new PlayedDisk()
      const delivered = await live(steps, disk, () => random.next().value as number)
      const lines = new Set(stored(disk))
      for (const id of delivered) expect(lines).toContain(id)
    }),
    { numRuns: 500 },
  )
})
