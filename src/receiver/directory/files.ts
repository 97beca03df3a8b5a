import type * as promises from 'node:fs/promises'

/** The part of `node:fs/promises` that a directory store uses. */
export type Files = Pick<typeof promises, 'opendir' | 'lstat' | 'realpath' | 'open'>
