// What a queue's message can say, whatever cloud it is of.

/** An object that a message says was written. What the message leaves out must be asked of the store. */
export interface Announced {
  /** The bucket as its store's uri names it behind the scheme: `acme-audit`, or `account/container` at Azure. */
  readonly bucket: string
  /** Decoded. */
  readonly key: string
  /** Unquoted ETag. */
  readonly version?: string
  readonly size?: number
  /** When it was written, in milliseconds since 1970. */
  readonly modified?: number
}

export type Notification =
  /** Objects that were created; none for events of other kinds. */
  | { readonly kind: 'objects'; readonly objects: readonly Announced[] }
  /** What is sent when a notification is configured. */
  | { readonly kind: 'test' }
  | { readonly kind: 'unknown'; readonly reason: string }

export function unknown(reason: string): Notification {
  return { kind: 'unknown', reason }
}
