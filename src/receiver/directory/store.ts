// The same layout on a disk: a mounted bucket, a synchronised copy, a test. A file has no ETag, so its version is size and
// modification time in nanoseconds, and it counts only once nothing has touched it for two seconds: before that it may be
// half written. A listing waits that long for the young ones, once. The age is taken from ctime, which every write sets and
// nobody can set back, because copying tools give a file its old mtime while they are still at it. Symbolic links below the root are neither listed nor followed: they
// could leave the root, or make it endless. Dot-files are the temporary names of rsync and others.

import * as nodeFiles from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../../domain/clock.ts'
import { ReadFailure, SourceFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'
import type { InspectedStore } from '../inspection.ts'
import type { Page } from '../store.ts'
import { Bounds } from './bounds.ts'
import type { Files } from './files.ts'
import { DirectoryInspection } from './inspection.ts'
import { readFile } from './read.ts'
import { walk } from './walk.ts'

/** `store.directory` of the configuration. */
export interface DirectorySettings {
  readonly path: string
  readonly prefix?: string | undefined
}

export interface DirectorySeams {
  readonly clock: Clock
  readonly files?: Files
}

const PAGE = 1000
const SETTLED_MS = 2000

export class DirectoryStore implements InspectedStore {
  readonly uri: string
  readonly prefix: string
  readonly #root: string
  readonly #clock: Clock
  readonly #files: Files
  readonly #bounds: Bounds

  constructor(settings: DirectorySettings, seams: DirectorySeams) {
    this.#root = resolve(settings.path)
    this.uri = `dir:${this.#root}`
    this.prefix = (settings.prefix ?? '').replace(/^\/+|\/+$/g, '')
    this.#clock = seams.clock
    this.#files = seams.files ?? nodeFiles
    this.#bounds = new Bounds(this.#files, this.#root, this.#clock)
  }

  async *list(under: string, signal: AbortSignal): AsyncGenerator<Page> {
    const asked = (this.prefix === '' ? '' : `${this.prefix}/`) + under
    await this.#rootIsThere()
    const young: string[] = []
    let objects: Sighting[] = []
    for await (const key of walk(this.#files, this.#root, asked)) {
      if (signal.aborted) throw new SourceFailure(`stopped while listing ${this.#root}`)
      const found = await this.#look(key)
      if (found === 'young') young.push(key)
      else if (found !== undefined) objects.push(found)
      if (objects.length < PAGE) continue
      yield { objects, date: this.#clock.now() }
      objects = []
    }
    yield { objects, date: this.#clock.now() }
    if (young.length > 0) yield { objects: await this.#grown(young, signal), date: this.#clock.now() }
  }

  /**
   * Files that were too young, looked at once more when they have had their time: a listing that left them out would be
   * complete only in name, and whoever copies a folder and runs once would be told that nothing is there.
   */
  async #grown(young: readonly string[], signal: AbortSignal): Promise<readonly Sighting[]> {
    await this.#clock.sleep(SETTLED_MS, signal)
    const found = await Promise.all(young.map((key) => this.#look(key)))
    return found.filter((each): each is Sighting => each !== undefined && each !== 'young')
  }

  async stat(key: string, _signal: AbortSignal): Promise<Sighting | undefined> {
    await this.#rootIsThere()
    const found = (await this.#isInside(key)) ? await this.#look(key) : undefined
    return found === 'young' ? undefined : found
  }

  async read(object: Sighting, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const path = join(this.#root, object.key)
    const found = await this.#isInside(object.key).catch((error: SourceFailure) => {
      throw new ReadFailure('denied', error.message, {
        cause: error,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      })
    })
    if (!found) throw await this.#absence(path)
    return readFile({ files: this.#files, path, object, signal, absence: () => this.#absence(path) })
  }

  async #absence(path: string): Promise<ReadFailure> {
    this.#bounds.doubt()
    if (await this.#isEmpty())
      return new ReadFailure('unreachable', `cannot read ${path}: ${this.#root} is empty`, mountHint)
    return new ReadFailure('gone', `cannot read ${path}: it is not there any more`)
  }

  inspection(): DirectoryInspection {
    return new DirectoryInspection(this.#files, this.#root)
  }

  // A root that is not mounted must not look like an empty bucket.
  async #rootIsThere(): Promise<void> {
    const real = await this.#files.realpath(this.#root).catch((error: NodeJS.ErrnoException) => {
      const { hint } = error.code === 'ENOENT' ? mountHint : allowHint
      throw new SourceFailure(`cannot list ${this.#root}: ${error.code}`, { cause: error, hint })
    })
    const stats = await this.#files.lstat(real)
    if (!stats.isDirectory()) throw new SourceFailure(`cannot list ${this.#root}: it is not a directory`, mountHint)
  }

  // The mount point of a volume that is not mounted: what it held is out of reach, not lost.
  async #isEmpty(): Promise<boolean> {
    try {
      for await (const _ of await this.#files.opendir(this.#root)) return false
    } catch {
      // Not even the mount point is there.
    }
    return true
  }

  /** False for what is not there and for a key that leads out of the root, by dots or by links. */
  async #isInside(key: string): Promise<boolean> {
    try {
      return await this.#bounds.contain(key)
    } catch (error) {
      if (isAbsence(error)) return false
      const path = join(this.#root, key)
      throw new SourceFailure(`cannot look at ${path}: ${(error as Error).message}`, { cause: error, ...allowHint })
    }
  }

  async #look(key: string): Promise<Sighting | 'young' | undefined> {
    const path = join(this.#root, key)
    try {
      const stats = await this.#files.lstat(path, { bigint: true })
      if (!stats.isFile()) return undefined
      if (this.#clock.now() - Number(stats.ctimeMs) < SETTLED_MS) return 'young'
      return {
        key,
        version: `${stats.size}-${stats.mtimeNs}`,
        size: Number(stats.size),
        modified: Number(stats.mtimeMs),
      }
    } catch (error) {
      if (isAbsence(error)) return undefined
      throw new SourceFailure(`cannot look at ${path}: ${(error as Error).message}`, { cause: error, ...allowHint })
    }
  }
}

const allowHint = { hint: 'let the user of this process read the directory and its files' }
const mountHint = { hint: 'check store.directory.path and that the volume is mounted' }

function isAbsence(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code
  return code === 'ENOENT' || code === 'ENOTDIR'
}
