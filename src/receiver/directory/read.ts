import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { ReadFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { Files } from './files.ts'

const CHUNK = 256 * 1024

/**
 * The file's bytes, if it is still the version that was seen: compared before the first byte and after the last, because
 * a file may be written while it is read. Opened with the first chunk asked for, closed when the iteration ends.
 */
export async function* readFile(
  files: Files,
  path: string,
  object: Sighting,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = await files.open(path, constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
    throw failure(path, error)
  })
  try {
    await sameVersion(file, path, object)
    let read = 0
    for await (const chunk of chunks(file, path, object.size, signal)) {
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

/**
 * Buffers of what is left and one byte more, to notice growth: a quarter of a megabyte, twice for each small object, kept
 * the garbage collector busier than all the rest.
 */
async function* chunks(file: FileHandle, path: string, size: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let left = size; ; ) {
    const room = Math.min(CHUNK, Math.max(0, left) + 1)
    if (signal.aborted) throw new ReadFailure('unreachable', `stopped while reading ${path}`)
    const { bytesRead, buffer } = await file.read(new Uint8Array(room), 0, room, null).catch((error: unknown) => {
      throw failure(path, error)
    })
    if (bytesRead === 0) return
    left -= bytesRead
    yield buffer.subarray(0, bytesRead)
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
  if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP')
    return new ReadFailure('gone', text, { cause: error })
  const denied = code === 'EACCES' || code === 'EPERM'
  const hint = denied ? 'let the user of this process read the file' : 'check the disk or mount; it is tried again'
  return new ReadFailure(denied ? 'denied' : 'unreachable', text, { cause: error, hint })
}
