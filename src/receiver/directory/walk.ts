import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { SourceFailure } from '../../domain/failures.ts'
import type { Files } from './files.ts'

/**
 * The keys of the files whose key begins with `asked`, as a bucket would match a prefix, entering only the directories that
 * can hold one. A directory that is not there holds nothing; one that may not be read is a SourceFailure.
 */
export async function* walk(files: Files, root: string, asked: string): AsyncGenerator<string> {
  const cut = asked.lastIndexOf('/') + 1
  yield* below(files, root, asked.slice(0, cut), asked.slice(cut))
}

async function* below(files: Files, root: string, folder: string, begins: string): AsyncGenerator<string> {
  for await (const entry of entries(files, join(root, folder))) {
    if (isHidden(entry.name) || !entry.name.startsWith(begins)) continue
    const key = folder + entry.name
    if (entry.isDirectory()) yield* below(files, root, `${key}/`, '')
    else if (entry.isFile()) yield key
  }
}

async function* entries(files: Files, path: string): AsyncGenerator<Dirent> {
  try {
    yield* await files.opendir(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return
    const hint = 'let the user of this process read and enter the directory'
    throw new SourceFailure(`cannot list ${path}: ${(error as Error).message}`, { cause: error, hint })
  }
}

// Temporary names, snapshots, and what a file system keeps for itself.
function isHidden(name: string): boolean {
  return name.startsWith('.') || name === 'lost+found'
}
