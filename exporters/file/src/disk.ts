// The part of a file system this exporter uses, small enough to be played by a test that runs out of space, tears
// writes and loses power. Errors carry Node's codes (`ENOSPC`, `EACCES`, …).
import { constants, type Stats } from 'node:fs'
import { access, type FileHandle, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'

/** What the exporter asks of a file system. Every method rejects with Node's error and its code (`ENOSPC`, `EACCES`). */
export interface Disk {
  /** Opens for reading and appending; creates with this mode. */
  open(path: string, mode: number): Promise<DiskFile>
  /** Undefined where nothing lies. */
  status(path: string): Promise<FileStatus | undefined>
  /** Creates an empty file; fails with EEXIST where anything lies. */
  reserve(path: string, mode: number): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  /** Names in a directory. */
  list(directory: string): Promise<readonly string[]>
  /** Makes creations, renames and removals in a directory survive a loss of power. */
  syncDirectory(directory: string): Promise<void>
  writable(path: string): Promise<boolean>
  /** Bytes that an unprivileged process may still write. */
  free(directory: string): Promise<number>
}

/** An open file. Positions and lengths are bytes. */
export interface DiskFile {
  status(): Promise<FileStatus>
  /** Writes at the end. Resolves to the number of bytes written, which may be fewer than given. */
  append(bytes: Uint8Array): Promise<number>
  read(position: number, length: number): Promise<Uint8Array>
  truncate(size: number): Promise<void>
  /** Content and size survive a loss of power. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** What a path or an open file is at this moment. */
export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'other'
  /** In bytes. */
  readonly size: number
  /** The same for two paths, or a path and an open file, if they are the same file. */
  readonly identity: string
  /** Names the file has. 0: deleted, though still open. */
  readonly links: number
  /** Milliseconds since 1970; last change where the file system does not tell. */
  readonly createdMs: number
}

/** The machine's own file system, through `node:fs/promises`. */
export const realDisk: Disk = {
  open: async (path, mode) => new RealFile(await open(path, 'a+', mode)),
  status: async (path) => {
    try {
      return statusOf(await stat(path))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  },
  reserve: async (path, mode) => (await open(path, 'wx', mode)).close(),
  rename,
  remove: (path) => rm(path),
  list: (directory) => readdir(directory),
  syncDirectory,
  writable: (path) =>
    access(path, constants.W_OK).then(
      () => true,
      () => false,
    ),
  free: async (directory) => {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  },
}

/** Some file systems (and Windows) know no sync of a directory: there the rename is as durable as it gets. */
async function syncDirectory(directory: string): Promise<void> {
  let handle: FileHandle | undefined
  try {
    handle = await open(directory, 'r')
    await handle.sync()
  } catch (error) {
    const unsupported = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EBADF']
    if (!unsupported.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  } finally {
    await handle?.close()
  }
}

class RealFile implements DiskFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async status(): Promise<FileStatus> {
    return statusOf(await this.#handle.stat())
  }

  async append(bytes: Uint8Array): Promise<number> {
    return (await this.#handle.write(bytes)).bytesWritten
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const { buffer, bytesRead } = await this.#handle.read(new Uint8Array(length), 0, length, position)
    return buffer.subarray(0, bytesRead)
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size)
  }

  sync(): Promise<void> {
    return this.#handle.sync()
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function statusOf(stats: Stats): FileStatus {
  return {
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
    size: stats.size,
    identity: `${stats.dev}:${stats.ino}`,
    links: stats.nlink,
    createdMs: stats.birthtimeMs || stats.mtimeMs,
  }
}
