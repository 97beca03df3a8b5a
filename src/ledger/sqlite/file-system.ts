// Where a ledger must not lie. Its log is shared memory between processes (`-shm`) and its promises are locks and fsync:
// network file systems keep none of the three, and lose a ledger in silence, months later. Told by statfs(2)'s type, and
// FUSE, behind which anything may be, by what /proc says is mounted there.
import { existsSync, readFileSync, realpathSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** By statfs(2)'s type, as linux/magic.h and the file systems' own sources have it. */
const network = new Map<number, string>([
  [0x6969, 'NFS (Amazon EFS, Azure Files NFS and Filestore are NFS)'],
  [0x517b, 'SMB'],
  [0xfe534d42, 'SMB (Azure Files is SMB)'],
  [0xff534d42, 'CIFS (Azure Files is CIFS)'],
  [0x00c36400, 'Ceph FS'],
  [0x0bd00bd0, 'Lustre (Amazon FSx for Lustre)'],
  [0x47504653, 'GPFS'],
  [0x19830326, 'BeeGFS'],
  [0x5346414f, 'AFS'],
  [0x6b414653, 'AFS'],
  [0x73757245, 'Coda'],
  [0x564c, 'NCP'],
])

const FUSE = 0x65735546

/** What lies on this machine, though FUSE brings it: a virtual machine's shared folder, a rootless container's layers, NTFS. */
const localFuse = /^(?:virtiofs|fuseblk|fuse\.(?:fuse-)?overlayfs|fuse\.lxcfs)$/

/** The file systems and mounts of this machine. Replaced in tests, which cannot mount anything. */
export interface Mounts {
  /** statfs(2)'s type. */
  readonly type: (path: string) => number
  /** /proc/self/mountinfo. */
  readonly mountinfo: () => string
}

export function mountinfoHere(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8')
}

const here: Mounts = { type: (path) => statfsSync(path).type, mountinfo: mountinfoHere }

/** The name of the network file system that a ledger at this path would lie on; undefined for a disk of this machine. */
export function networkFileSystem(path: string, mounts: Mounts = here): string | undefined {
  const place = existsSync(path) ? path : dirname(path)
  const type = mounts.type(place) >>> 0
  if (type !== FUSE) return network.get(type)
  const mounted = mountedAt(realpathSync(place), mounts)
  if (mounted !== undefined && localFuse.test(mounted.type)) return undefined
  const name = [mounted?.type, mounted?.source].filter((word) => word !== undefined && word !== 'fuse').join(', ')
  return name === '' ? 'FUSE' : `FUSE (${name})`
}

/** The innermost mount above a path. https://docs.kernel.org/filesystems/proc.html, 3.5 */
function mountedAt(
  path: string,
  { mountinfo }: Mounts,
): { readonly type: string; readonly source: string } | undefined {
  const lines = attempt(mountinfo).trim().split('\n')
  const mounts = lines.flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ')
    const point = unescaped(before.split(' ')[4] ?? '')
    const [type = '', source = ''] = after.split(' ')
    const holds = point === '/' || path === point || path.startsWith(`${point}/`)
    return point !== '' && holds ? [{ point, type, source: unescaped(source) }] : []
  })
  // Of several at one place the last one is on top.
  return mounts.reduce<(typeof mounts)[number] | undefined>(
    (inner, mount) => (inner === undefined || mount.point.length >= inner.point.length ? mount : inner),
    undefined,
  )
}

/** Blanks and the like are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
}

function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return ''
  }
}

/** What to do about it. */
export const localDisk =
  'put service.ledger.sqlite.path on a disk of this machine or a block volume (EBS, Persistent Disk, Azure Disk; in Kubernetes a storage class for ReadWriteOncePod)'
