import type { Checkpoint, Head } from './head.ts'

/** The head as it was read. */
export interface Read {
  readonly head: Head
  /** What a conditional write names. */
  readonly tag: string
  /** How long before this answer it was written, both by the store's own clock, in milliseconds; undefined if it does not say. */
  readonly ageMs: number | undefined
}

/** Where the head lies. Both reject with SourceFailure where the answer is not known. */
export interface HeadStore {
  /** Undefined if there is none. */
  read(signal: AbortSignal): Promise<Read | undefined>
  /**
   * Writes the head if the one that is there has this tag, or if there is none and the tag is undefined. The new tag, or
   * undefined where it was refused: the one that is there is another. One that rejected may have been done, or be done yet.
   */
  write(head: Head, tag: string | undefined, signal: AbortSignal): Promise<string | undefined>
}

/** Where copies of the ledger lie, under names that are used once. All reject with SourceFailure. */
export interface CopyStore {
  /** For people: `s3://bucket/prefix`. */
  readonly uri: string
  /** Uploads a file, which must not change meanwhile; whole or not at all. */
  upload(checkpoint: Checkpoint, file: string, signal: AbortSignal): Promise<void>
  /** Its bytes as they lie there; undefined if it is not there. */
  download(name: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array> | undefined>
  /** Names of all copies, those that were never named by a head included. */
  names(signal: AbortSignal): Promise<readonly string[]>
  remove(name: string, signal: AbortSignal): Promise<void>
}

export interface CheckpointStore extends HeadStore, CopyStore {
  /**
   * Proves that the store heeds conditions, on an object that means nothing. Its clock, in milliseconds since 1970.
   * Rejects with SetupError where it does not.
   */
  prove(signal: AbortSignal): Promise<number>
  close(): void
}
