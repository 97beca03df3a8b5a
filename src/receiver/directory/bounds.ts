// Whether a key lies within the root, which neither dots nor symbolic links may leave. The folder of a key is looked at
// with realpath, which asks the disk for every part of the path; so what was found is believed for a second, because the
// objects of an hour lie in one folder and are read one after the other. The last part of a path is not looked at here:
// files are opened without following links.
import { dirname, join } from 'node:path'
import type { Clock } from '../../domain/clock.ts'
import type { Files } from './files.ts'

const BELIEVED_MS = 1_000
const FOLDERS_MAX = 1_000

export class Bounds {
  readonly #files: Files
  readonly #clock: Clock
  readonly #root: string
  /** What a key is put behind. */
  readonly #base: string
  /** Folders that lie within the root, and when that was seen. */
  readonly #within = new Map<string, number>()

  constructor(files: Files, root: string, clock: Clock) {
    this.#files = files
    this.#root = root
    this.#base = root === '/' ? '' : root
    this.#clock = clock
  }

  /** False for a key that leads out of the root, by dots or by links. Rejects with the disk's error, absence included. */
  async contain(key: string): Promise<boolean> {
    const path = join(this.#root, key)
    if (path !== `${this.#base}/${key}`) return false
    const folder = dirname(path)
    const now = this.#clock.now()
    const age = now - (this.#within.get(folder) ?? Number.NEGATIVE_INFINITY)
    if (age >= 0 && age < BELIEVED_MS) return true
    const [real, root] = await Promise.all([this.#files.realpath(folder), this.#files.realpath(this.#root)])
    const within = real === dirname(join(root, key))
    if (within) this.#believe(folder, now)
    return within
  }

  /** Nothing is believed any more: a folder may have been unmounted or replaced. */
  doubt(): void {
    this.#within.clear()
  }

  #believe(folder: string, now: number): void {
    if (this.#within.size >= FOLDERS_MAX) this.#within.clear()
    this.#within.set(folder, now)
  }
}
