import { join } from 'node:path'
import { SourceFailure } from '../../domain/failures.ts'
import type { Finding } from '../../domain/finding.ts'
import type { Inspection } from '../inspection.ts'
import type { Files } from './files.ts'

const MOST = 1000

/** What a folder can be asked: the folders in it. It has no clock, no owner and no rules of its own. */
export class DirectoryInspection implements Inspection {
  readonly ownClock = false
  readonly prefixSetting = 'store.directory.prefix'
  readonly #files: Files
  readonly #root: string

  constructor(files: Files, root: string) {
    this.#files = files
    this.#root = root
  }

  async folders(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const names: string[] = []
    try {
      for await (const entry of await this.#files.opendir(join(this.#root, path))) {
        if (entry.isDirectory() && !entry.name.startsWith('.')) names.push(entry.name)
        if (names.length >= MOST || signal.aborted) break
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw new SourceFailure(message, { cause: error })
    }
    return names.sort()
  }

  async particulars(): Promise<readonly Finding[]> {
    return []
  }
}
