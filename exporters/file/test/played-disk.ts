// A disk in memory that fails on demand and loses power: what was not synced may be there, in part or not at all.
import type { Disk, DiskFile, FileStatus } from '../src/index.ts'

interface Inode {
  readonly id: number
  data: Buffer
  durable: Buffer
  deleted: boolean
}

export type Fault = { readonly code: string } | { readonly short: true } | { readonly powerLoss: true }

export class PowerLoss extends Error {}

export class PlayedDisk implements Disk {
  /** Asked before each operation that changes something. */
  fault: (operation: string) => Fault | undefined = () => undefined
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()
  #off = false
  #nextId = 1

  async open(path: string): Promise<DiskFile> {
    if (!this.#names.has(path)) {
      this.#enter('create')
      this.#names.set(path, this.#inode())
    }
    return this.#file(this.#names.get(path)!)
  }

  async status(path: string): Promise<FileStatus | undefined> {
    if (path === '/d') return { kind: 'directory', size: 0, identity: '0', links: 1, createdMs: 0 }
    const inode = this.#names.get(path)
    return inode && statusOf(inode)
  }

  async reserve(path: string): Promise<void> {
    this.#enter('reserve')
    if (this.#names.has(path)) throw failure('EEXIST')
    this.#names.set(path, this.#inode())
  }

  async rename(from: string, to: string): Promise<void> {
    this.#enter('rename')
    const inode = this.#names.get(from)
    if (!inode) throw failure('ENOENT')
    const replaced = this.#names.get(to)
    if (replaced && replaced.data.length > 0) throw new Error(`${to} would be overwritten`)
    this.#names.delete(from)
    this.#names.set(to, inode)
  }

  async remove(path: string): Promise<void> {
    this.#enter('remove')
    const inode = this.#names.get(path)
    if (!inode) throw failure('ENOENT')
    inode.deleted = true
    this.#names.delete(path)
  }

  async list(directory: string): Promise<readonly string[]> {
    return [...this.#names.keys()].map((path) => path.slice(directory.length + 1))
  }

  async syncDirectory(): Promise<void> {
    this.#enter('syncDirectory')
    this.#durableNames = new Map(this.#names)
  }

  async writable(): Promise<boolean> {
    return true
  }

  async free(): Promise<number> {
    return 1e12
  }

  /** The next boot. `random` below 1 decides how much of what was not synced survived. */
  boot(random: () => number): void {
    this.#off = false
    this.fault = () => undefined
    this.#names = new Map(random() < 0.5 ? this.#durableNames : this.#names)
    this.#durableNames = new Map(this.#names)
    for (const inode of new Set(this.#names.values())) {
      inode.data = survived(inode, random)
      inode.durable = inode.data
    }
  }

  content(path: string): string {
    return this.#names.get(path)?.data.toString() ?? ''
  }

  isSynced(path: string): boolean {
    const inode = this.#names.get(path)
    return inode?.data.equals(inode.durable) ?? false
  }

  paths(): readonly string[] {
    return [...this.#names.keys()].sort()
  }

  #inode(): Inode {
    return { id: this.#nextId++, data: Buffer.alloc(0), durable: Buffer.alloc(0), deleted: false }
  }

  #enter(operation: string): Fault | undefined {
    if (this.#off) throw new PowerLoss()
    const fault = this.fault(operation)
    if (fault && 'powerLoss' in fault) this.#off = true
    if (fault && 'powerLoss' in fault) throw new PowerLoss()
    if (fault && 'code' in fault) throw failure(fault.code)
    return fault
  }

  #file(inode: Inode): DiskFile {
    return {
      status: async () => statusOf(inode),
      append: async (bytes) => {
        const half = bytes.subarray(0, Math.ceil(bytes.length / 2))
        let part: Uint8Array = bytes
        try {
          if (this.#enter('append')) part = half
        } catch (error) {
          inode.data = Buffer.concat([inode.data, half])
          throw error
        }
        inode.data = Buffer.concat([inode.data, part])
        return part.length
      },
      read: async (position, length) => inode.data.subarray(position, position + length),
      truncate: async (size) => {
        this.#enter('truncate')
        inode.data = inode.data.subarray(0, size)
      },
      sync: async () => {
        this.#enter('sync')
        inode.durable = inode.data
      },
      close: async () => {},
    }
  }
}

function survived(inode: Inode, random: () => number): Buffer {
  const { data, durable } = inode
  const grown = data.length >= durable.length && data.subarray(0, durable.length).equals(durable)
  if (!grown) return random() < 0.5 ? data : durable
  return data.subarray(0, durable.length + Math.floor(random() * (data.length - durable.length + 1)))
}

function statusOf(inode: Inode): FileStatus {
  const links = inode.deleted ? 0 : 1
  return { kind: 'file', size: inode.data.length, identity: `${inode.id}`, links, createdMs: 0 }
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
