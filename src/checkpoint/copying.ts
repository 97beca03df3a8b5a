// A copy of the ledger, ready to be uploaded: made, compressed and hashed by a thread of its own, so that the main one
// goes on receiving and delivering. It streams from file to file, and lives no longer than the copy takes.
import { rmSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Schema } from '../ledger/sqlite/copy.ts'

export interface CopyTask {
  /** The ledger. */
  readonly path: string
  /** Where to put the uncompressed copy, which is removed, and the compressed one. */
  readonly plain: string
  readonly packed: string
}

/** What was made. Sizes in bytes, hashes in hexadecimal. */
export interface Copied extends Schema {
  readonly bytes: number
  readonly sha256: string
  readonly ledgerBytes: number
  readonly ledgerSha256: string
}

/** Of the thread, beside what SQLite and zstd take: some 10 MiB. */
const HEAP_MIB = 64

/** Copies the ledger at `path` into `packed`. Rejects, leaving nothing, where that fails or the signal aborts. */
export async function copied(task: CopyTask, signal: AbortSignal): Promise<Copied> {
  const worker = new Worker(new URL(`./copying-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: task,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  })
  const stop = (): void => void worker.terminate()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await new Promise<Copied>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', () => reject(new Error('the copy was cut off')))
    })
  } catch (error) {
    discard(task)
    throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** Removes what a copy leaves. */
export function discard({ plain, packed }: Pick<CopyTask, 'plain' | 'packed'>): void {
  for (const file of [plain, packed]) rmSync(file, { force: true })
}
