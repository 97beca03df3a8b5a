import { SourceFailure } from '../../domain/failures.ts'
import type { Sighting } from '../../domain/objects.ts'

/** A copy. */
export interface Staged {
  /** The sha256 of the file as it was given, in hex. */
  readonly name: string
  /** Of the copy, in bytes. */
  readonly size: number
}

/** A copy would take more than there is. */
export class NoRoom extends SourceFailure {
  /** Bytes that were free. */
  readonly free: number

  constructor(message: string, free: number) {
    super(message, { hint: 'wait until those are delivered, or raise service.imports.max_bytes' })
    this.free = free
  }
}

/** Where files lie until they are imported, and what is kept about them meanwhile. */
export interface Copies {
  /** Copies a file. Fails with NoRoom, and with what the body fails with. */
  stage(body: AsyncIterable<Uint8Array>): Promise<Staged>
  /** Bytes that another copy may take, as it is stored. */
  free(): Promise<number>
  /** How large the copy is, in bytes; undefined if it is not there. */
  sizeOf(name: string): Promise<number | undefined>
  /** The copy's bytes, as they are stored. Fails with ReadFailure while iterating. */
  read(object: Pick<Sighting, 'key'>, signal: AbortSignal): AsyncIterable<Uint8Array>
  /**
   * The copy may be of use still, but nobody waits for it: it stays readable under its name until there is no room for
   * another one. `about` says whose it is.
   */
  spare(name: string, about: string): Promise<void>
  /** What was said of those that were spared and are still there. */
  spared(): Promise<readonly string[]>
  /** It need not be there. */
  remove(name: string): Promise<void>
  /** Keeps a few words beside the copies, under a name that is no copy's. All of them or, if it fails, what was kept before. */
  keep(name: string, text: string): Promise<void>
  /** What was kept under a name; undefined if nothing was. */
  kept(name: string): Promise<string | undefined>
  /** Removes what nobody asks for any more: copies that were never asked for, and what was torn off. */
  tidy(wanted: ReadonlySet<string>): Promise<void>
  /** Where something of this name may lie that its user removes again. */
  path(name: string): string
}
