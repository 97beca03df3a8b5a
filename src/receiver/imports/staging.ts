// Files to be imported, copied beside the ledger before anything else is done with them: what comes through a pipe, or from a
// laptop's download folder, cannot be asked for again. A copy has the name of its hash and stays until it is delivered
// everywhere. It is kept compressed, as it came if it was, and all copies together are bounded.
//
// A copy is complete or not there: it is written under a temporary name, synchronised, and renamed.
//
// One of which something is left to be sent (what a filter withheld, rows that a later version may read) is spared when it is
// delivered: it stays for as long as its bytes are not needed for another.

import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chown, copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable, type Transform } from 'node:stream'
import { constants, createZstdCompress } from 'node:zlib'
import { ReadFailure, SourceFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import { compression } from '../decode/signature.ts'
import { type Copies, NoRoom, type Staged } from './copies.ts'

export interface StagingOptions {
  readonly folder: string
  /** All copies together, in bytes as they are stored. */
  readonly maxBytes: number
}

/** What is not asked for by anybody is removed when it is older than this, in milliseconds: somebody may be at it still. */
const orphanMs = 3_600_000
const part = '.part'
const copyName = /^[0-9a-f]{64}$/
/** A spared copy: its name, and what was said of it. */
const spareName = /^([0-9a-f]{64})~(.+)\.spare$/
/** As long as quarantine and filters are likely to be looked at, in milliseconds. */
const spareMs = 90 * 86_400_000

/** Spared copies make way for this part of all bytes at once. */
const waysOfRoom = 16

interface Kept {
  readonly name: string
  readonly size: number
  readonly modified: number
}

export class Staging implements Copies {
  readonly folder: string
  readonly #maxBytes: number

  constructor({ folder, maxBytes }: StagingOptions) {
    this.folder = folder
    this.#maxBytes = maxBytes
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async stage(body: AsyncIterable<Uint8Array>): Promise<Staged> {
    await this.#makeFolder()
    const temporary = join(this.folder, `${randomUUID()}${part}`)
    try {
      const { name, size } = await this.#write(body, temporary, await this.free())
      await this.#own(temporary)
      await rename(temporary, join(this.folder, name))
      await this.#synchronise()
      return { name, size }
    } catch (error) {
      await rm(temporary, { force: true })
      throw inWords(error, this.folder)
    }
  }

  async free(): Promise<number> {
    const used = (await this.#files()).filter(({ name }) => !spareName.test(name))
    return Math.max(0, this.#maxBytes - bytesOf(used))
  }

  async spare(name: string, about: string): Promise<void> {
    const copy = join(this.folder, name)
    const spare = `${copy}~${encodeURIComponent(about)}.spare`
    if ((await this.sizeOf(name)) === undefined) return
    await link(copy, spare).catch(async (error: NodeJS.ErrnoException) => {
      // There are file systems without links.
      if (error.code !== 'EEXIST') await copyFile(copy, spare)
    })
  }

  async spared(): Promise<readonly string[]> {
    return (await this.#spares()).map(({ name }) => decodeURIComponent(spareName.exec(name)?.[2] ?? ''))
  }

  async sizeOf(name: string): Promise<number | undefined> {
    return stat(join(this.folder, name)).then(
      ({ size }) => size,
      () => undefined,
    )
  }

  async *read({ key }: Pick<Sighting, 'key'>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (!copyName.test(key)) throw new ReadFailure('gone', `there is no staged copy ${key}`)
    const stream = createReadStream(await this.#pathOf(key), { signal, highWaterMark: 256 * 1024 })
    try {
      for await (const bytes of stream) yield bytes
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const kind = code === 'ENOENT' ? 'gone' : code === 'EACCES' || code === 'EPERM' ? 'denied' : 'unreachable'
      const hint = kind === 'denied' ? 'run `import` as the user of the forwarder' : 'check the disk'
      throw new ReadFailure(kind, `cannot read the staged copy ${key}: ${message}`, { cause: error, hint })
    } finally {
      stream.destroy()
    }
  }

  async remove(name: string): Promise<void> {
    await rm(join(this.folder, name), { force: true })
  }

  async keep(name: string, text: string): Promise<void> {
    const temporary = join(this.folder, `${randomUUID()}${part}`)
    await this.#makeFolder()
    await writeFile(temporary, text, { mode: 0o600, flush: true })
    await rename(temporary, join(this.folder, name))
    await this.#synchronise()
  }

  async kept(name: string): Promise<string | undefined> {
    return readFile(join(this.folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
  }

  async tidy(wanted: ReadonlySet<string>): Promise<void> {
    for (const { name, modified } of await this.#files()) {
      const keptMs = spareName.test(name) ? spareMs : orphanMs
      if (!wanted.has(name) && Date.now() - modified > keptMs) await this.remove(name)
    }
  }

  /** Where the copy is, or a spared one of the same file. */
  async #pathOf(key: string): Promise<string> {
    const copy = join(this.folder, key)
    if ((await this.sizeOf(key)) !== undefined) return copy
    const spare = (await this.#spares()).find(({ name }) => name.startsWith(`${key}~`))
    return spare === undefined ? copy : join(this.folder, spare.name)
  }

  /** The oldest first. */
  async #spares(): Promise<readonly Kept[]> {
    const spares = (await this.#files()).filter(({ name }) => spareName.test(name))
    return spares.toSorted((a, b) => a.modified - b.modified)
  }

  /** Removes spared copies, as many as it takes, so that the others and these have no more than `bytes`. */
  async #makeRoom(bytes: number): Promise<void> {
    const spares = await this.#spares()
    let taken = bytesOf(spares)
    for (const { name, size } of spares) {
      if (taken <= bytes) return
      await this.remove(name)
      taken -= size
    }
  }

  async #write(body: AsyncIterable<Uint8Array>, path: string, free: number): Promise<Staged> {
    const hash = createHash('sha256')
    const file = await open(path, 'wx', 0o600)
    try {
      let [size, room] = [0, 0]
      for await (const bytes of compressed(hashed(body, hash))) {
        size += bytes.length
        if (size > free) throw new NoRoom(`no room for another import: ${this.#full(free)}`, free)
        if (size > room) {
          room = size + this.#maxBytes / waysOfRoom
          await this.#makeRoom(free - room)
        }
        await file.writeFile(bytes)
      }
      await file.sync()
      return { name: hash.digest('hex'), size }
    } finally {
      await file.close()
    }
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 })
    await this.#own(this.folder)
  }

  /** What root stages is given to whom the ledger's folder belongs: the forwarder must read it, and root runs commands. */
  async #own(path: string): Promise<void> {
    if (process.getuid?.() !== 0) return
    const { uid, gid } = await stat(dirname(this.folder))
    await chown(path, uid, gid)
  }

  #full(free: number): string {
    const used = this.#maxBytes - free
    return `${this.folder} may hold ${this.#maxBytes} bytes, and ${used} are taken by imports that are not done`
  }

  async #files(): Promise<readonly Kept[]> {
    const names = await readdir(this.folder).catch(() => [])
    const files = names.map(async (name) => {
      const found = await stat(join(this.folder, name)).catch(() => undefined)
      return found?.isFile() ? [{ name, size: found.size, modified: found.mtimeMs }] : []
    })
    return (await Promise.all(files)).flat()
  }

  /** The new name must survive a power cut before it is asked for. */
  async #synchronise(): Promise<void> {
    const folder = await open(this.folder, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }
}

function bytesOf(files: readonly Kept[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}

function inWords(error: unknown, folder: string): unknown {
  const { code, message, path } = error as NodeJS.ErrnoException
  // What the body itself fails with is of another path, or of none.
  if (code === undefined || path === undefined || !path.startsWith(folder)) {
    return code === 'ENOSPC' ? new SourceFailure(`cannot stage in ${folder}: ${message}`, { cause: error }) : error
  }
  const who = 'the folder must be writable for the user of the forwarder; run this command as that user'
  return new SourceFailure(`cannot stage in ${folder}: ${message}`, { cause: error, hint: who })
}

async function* hashed(body: AsyncIterable<Uint8Array>, hash: { update(bytes: Uint8Array): unknown }) {
  for await (const bytes of body) {
    hash.update(bytes)
    yield bytes
  }
}

/** As it comes if it is compressed already, else as zstd with a checksum. */
async function* compressed(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces = body[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  let held = 0
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    head.push(next.value)
    held += next.value.length
    if (held >= 4) break
  }
  const whole = rejoined(head, pieces)
  if (compression(Buffer.concat(head)) !== 'none') yield* whole
  else yield* through(whole, createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } }))
}

async function* rejoined(head: readonly Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* head
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value
}

async function* through(body: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Uint8Array> {
  const source = Readable.from(body)
  source.on('error', (error) => transform.destroy(error))
  try {
    for await (const bytes of source.pipe(transform)) yield bytes
  } finally {
    source.destroy()
  }
}
