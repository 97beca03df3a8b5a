import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { ReadFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { Files } from './files.ts'

const CHUNK = 256 * 1024

interface Reading {
  readonly files: Files
  readonly path: string
  readonly object: Sighting
  readonly signal: AbortSignal
  /** What it means that the file is not there. */
  readonly absence: () => Promise<ReadFailure>
}

/**
 * The file's bytes, if it is still the version that was seen: compared before the first byte and after the last, because
 * a file may be written while it is read. Opened with the first chunk asked for, closed when the iteration ends.
 */
export async function* readFile(reading: Reading): AsyncGenerator<Uint8Array> {
  const { path, object } = reading
  const file = await opened(reading)
  try {
    await sameVersion(file, path, object)
    let read = 0
    for await (const chunk of chunks(file, reading)) {
      read += chunk.length
      yield chunk
    }
    await sameVersion(file, path, object)
    if (read !== object.size)
      throw new ReadFailure('unreachable', `cannot read ${path}: ${read} of ${object.size} bytes`)
  } finally {
    await file.close()
  }
}

async function opened({ files, path, absence }: Reading): Promise<FileHandle> {
  try {
    return await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw code === 'ENOENT' || code === 'ENOTDIR' ? await absence() : failure(path, error)
  }
}

/**
 * Buffers of what is left and one byte more, to notice growth: a quarter of a megabyte, twice for each small object, kept
 * the garbage collector busier than all the rest. A read that brings all that was expected and does not fill its buffer
 * has met the end of the file, and is the last: for a small object it is the only one.
 */
async function* chunks(file: FileHandle, { path, object, signal }: Reading): AsyncGenerator<Uint8Array> {
  for (let left = object.size; ; ) {
    const room = Math.min(CHUNK, Math.max(0, left) + 1)
    if (signal.aborted) throw new ReadFailure('unreachable', `stopped while reading ${path}`)
    const { bytesRead, buffer } = await file.read(new Uint8Array(room), 0, room, null).catch((error: unknown) => {
      throw failure(path, error)
    })
    if (bytesRead === 0) return
    left -= bytesRead
    yield buffer.subarray(0, bytesRead)
    if (left === 0 && bytesRead < room) return
  }
}

async function sameVersion(file: FileHandle, path: string, object: Sighting): Promise<void> {
  const stats = await file.stat({ bigint: true })
  const version = `${stats.size}-${stats.mtimeNs}`
  if (version === object.version) return
  const message = `cannot read ${path}: it is now version ${version}, and ${object.version} was seen`
  throw new ReadFailure('gone', message, { absence: 'replaced' })
}

function failure(path: string, error: unknown): ReadFailure {
  const { code, message } = error as NodeJS.ErrnoException
  const text = `cannot read ${path}: ${message}`
  if (code === 'ELOOP') return new ReadFailure('gone', text, { cause: error })
  const denied = code === 'EACCES' || code === 'EPERM'
  const hint = denied ? 'let the user of this process read the file' : 'check the disk or mount; it is tried again'
  return new ReadFailure(denied ? 'denied' : 'unreachable', text, { cause: error, hint })
}
