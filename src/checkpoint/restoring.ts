// A ledger from its copy. Nothing is put in place before all of it has been read and both hashes are right, so a download
// that is torn, or a copy that somebody changed, is never a ledger.
import { createHash } from 'node:crypto'
import { createWriteStream, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { SetupError, SourceFailure } from '../domain/failures.ts'
import { canRead, completeCopy, placeLedger } from '../ledger/sqlite/copy.ts'
import type { Checkpoint } from './head.ts'
import type { CopyStore } from './store.ts'

/** A copy is not what the head says of it, as far as this download tells. */
class Torn extends SourceFailure {}

/** Downloads of a copy that may come out wrong before the copy itself is. */
const TRIES = 3

/**
 * Restores the ledger at `path`. Rejects with SetupError where that cannot succeed by being tried again, with
 * SourceFailure or a file's error where it may; either way the ledger that is there is untouched.
 */
export async function restore(
  store: CopyStore,
  checkpoint: Checkpoint,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  if (!canRead(checkpoint)) throw tooNew(store, checkpoint)
  const file = `${path}.restoring`
  try {
    await fetched(store, checkpoint, file, signal)
    completeCopy(file, checkpoint.schema)
    signal.throwIfAborted()
    placeLedger(path, file)
  } finally {
    rmSync(file, { force: true })
  }
}

async function fetched(store: CopyStore, checkpoint: Checkpoint, file: string, signal: AbortSignal): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await unpack(store, checkpoint, file, signal)
    } catch (error) {
      if (!(error instanceof Torn)) throw error
      if (tries === TRIES) throw new SetupError(error.message, { hint: damagedHint(store) })
    }
  }
}

async function unpack(store: CopyStore, checkpoint: Checkpoint, file: string, signal: AbortSignal): Promise<void> {
  const body = await store.download(checkpoint.name, signal)
  if (body === undefined) {
    throw new SetupError(`${store.uri}/${checkpoint.name}, the latest copy of the ledger, is not there`, {
      hint: damagedHint(store),
    })
  }
  const [packed, ledger] = [new Tally(), new Tally()]
  rmSync(file, { force: true })
  const out = createWriteStream(file, { mode: 0o600 })
  try {
    await pipeline(packed.pass(body), createZstdDecompress(), (plain) => ledger.pass(plain), out, { signal })
  } catch (error) {
    if (signal.aborted || error instanceof SourceFailure || !isOfZstd(error)) throw error
    throw new Torn(`${store.uri}/${checkpoint.name} cannot be decompressed`)
  } finally {
    // One that fails at once is still being created: it would appear after it was removed.
    if (!out.closed) await new Promise((resolve) => out.once('close', resolve))
  }
  const { bytes, sha256, ledgerBytes, ledgerSha256 } = checkpoint
  const isWhole = packed.is(bytes, sha256) && ledger.is(ledgerBytes, ledgerSha256)
  if (!isWhole)
    throw new Torn(`${store.uri}/${checkpoint.name} is not what was written: its sha256 is ${packed.sha256}`)
}

function isOfZstd(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' && /^(?:ZSTD_|Z_|ERR_ZSTD|ERR_ZLIB)/.test(code)
}

/** Counts and hashes what passes. */
class Tally {
  readonly #hash = createHash('sha256')
  #bytes = 0
  #digest: string | undefined

  async *pass(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of body) {
      this.#hash.update(piece)
      this.#bytes += piece.byteLength
      yield piece
    }
  }

  get sha256(): string {
    this.#digest ??= this.#hash.digest('hex')
    return this.#digest
  }

  is(bytes: number, sha256: string): boolean {
    return this.#bytes === bytes && this.sha256 === sha256
  }
}

function tooNew({ uri }: CopyStore, { name, schema }: Checkpoint): SetupError {
  return new SetupError(
    `cannot restore the ledger from ${uri}/${name}: it has schema ${schema}, newer than this version knows`,
    {
      hint: 'run the newer version of the forwarder that wrote it, or put back the checkpoint of before the upgrade: docs/guides/upgrade.md says how',
    },
  )
}

function damagedHint({ uri }: CopyStore): string {
  return `name an older copy of ${uri}/ in its owner.json, by its hashes, or remove owner.json to begin anew: docs/guides/sidecar.md says what either costs`
}
