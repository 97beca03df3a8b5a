import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { SetupError } from '../../src/domain/failures.ts'
import { type Mounts, networkFileSystem } from '../../src/ledger/sqlite/file-system.ts'
import { openSqliteLedger } from '../../src/ledger/sqlite/ledger.ts'

const folder = mkdtempSync(join(tmpdir(), 'file system-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'ledger.db')

const FUSE = 0x65735546

function mounted(type: number, ...mounts: readonly (readonly [point: string, type: string, source: string])[]): Mounts {
  const lines = mounts.map(([point, kind, source], index) => {
    const escaped = point.replaceAll(' ', '\\040')
    return `${30 + index} 1 0:${index} / ${escaped} rw,relatime shared:1 - ${kind} ${source} rw`
  })
  return { type: () => type, mountinfo: () => `${lines.join('\n')}\n` }
}

test.each([
  [0x6969, 'NFS (Amazon EFS'],
  [0x517b, 'SMB'],
  [0xfe534d42 | 0, 'SMB'],
  [0xff534d42 | 0, 'CIFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
])('type %i is refused by name, and nothing is created there', (type, name) => {
  let refusal: unknown
  try {
    openSqliteLedger({ path, mounts: mounted(type) })
  } catch (error) {
    refusal = error
  }
  expect(refusal).toBeInstanceOf(SetupError)
  const { message, hint } = refusal as SetupError
  expect(message).toContain(`cannot keep ledger ${path}: it lies on a network file system, ${name}`)
  expect(hint).toMatch(/block volume \(EBS/)
  expect(() => rmSync(`${path}.lock`)).toThrow(/ENOENT/)
})

test.each([
  ['fuse.s3fs', 's3fs', 'FUSE (fuse.s3fs, s3fs)'],
  ['fuse', 'mountpoint-s3', 'FUSE (mountpoint-s3)'],
  ['fuse.gcsfuse', 'acme-bucket', 'FUSE (fuse.gcsfuse, acme-bucket)'],
])('what FUSE brings is named: %s', (type, source, name) => {
  const mounts = mounted(FUSE, ['/', 'ext4', '/dev/vda'], [folder, type, source], ['/proc', 'proc', 'proc'])
  expect(networkFileSystem(path, mounts)).toBe(name)
})

test.each(['virtiofs', 'fuseblk', 'fuse.fuse-overlayfs'])('what is of this machine is taken: %s', (type) => {
  expect(networkFileSystem(path, mounted(FUSE, ['/', 'ext4', '/dev/vda'], [folder, type, 'x']))).toBeUndefined()
})

test('the innermost mount counts, and of several at one place the last', () => {
  const outer = ['/', 'fuse.sshfs', 'somewhere:'] as const
  expect(networkFileSystem(path, mounted(FUSE, outer, [folder, 'virtiofs', 'x']))).toBeUndefined()
  expect(networkFileSystem(path, mounted(FUSE, outer, ['/elsewhere', 'virtiofs', 'x']))).toBe(
    'FUSE (fuse.sshfs, somewhere:)',
  )
  const twice = mounted(FUSE, [folder, 'virtiofs', 'x'], [folder, 'fuse.s3fs', 's3fs'])
  expect(networkFileSystem(path, twice)).toBe('FUSE (fuse.s3fs, s3fs)')
  expect(
    networkFileSystem(path, {
      type: () => FUSE,
      mountinfo: () => {
        throw new Error('no /proc')
      },
    }),
  ).toBe('FUSE')
})

test('a disk of this machine is taken', () => {
  expect(networkFileSystem(path)).toBeUndefined()
  openSqliteLedger({ path }).close()
})
