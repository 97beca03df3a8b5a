// What a failing disk means. Out of space passes, and so may an I/O error; a missing directory, a read-only mount or
// missing rights wait for somebody.
import type { Outcome } from '@circleci-audit-forwarder/contract'

/** A file that is not what it should be. */
export class FileProblem extends Error {
  readonly next: string
  readonly status: 'stopped' | 'retry'

  constructor(problem: string, next: string, status: 'stopped' | 'retry' = 'stopped') {
    super(problem)
    this.next = next
    this.status = status
  }
}

const STOPPING: Readonly<Record<string, string>> = {
  ENOENT: 'create its directory',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'the path is a directory: name a file in it',
  EACCES: 'let the forwarder write to the file and its directory',
  EPERM: 'let the forwarder write to the file and its directory',
  EROFS: 'the file system is mounted read-only: mount it for writing or choose another path',
  ELOOP: 'the path is a circle of symbolic links',
  ENAMETOOLONG: 'choose a shorter path',
}

const PASSING: Readonly<Record<string, string>> = {
  ENOSPC: 'free space on its disk',
  EDQUOT: "raise the user's disk quota",
  EIO: 'look after the disk',
  EMFILE: 'raise the limit of open files',
  ENFILE: "raise the system's limit of open files",
}

/** The outcome of an attempt that failed with `error`. `ambiguous`: some of its lines may be in the file. */
export function outcomeOf(error: unknown, path: string, ambiguous: boolean): Outcome {
  if (error instanceof FileProblem) {
    const reason = `cannot write to ${path}: ${error.message}; ${error.next}`
    return error.status === 'stopped' ? stopped(reason) : { status: 'retry', reason, ambiguous }
  }
  const { code = '', message } = error as NodeJS.ErrnoException
  const next = STOPPING[code]
  if (next !== undefined) return stopped(`cannot write to ${path}: ${code}; ${next}`)
  const reason = `cannot write to ${path}: ${code || message}; ${PASSING[code] ?? 'look after its file system'}`
  return { status: 'retry', reason, ambiguous }
}

function stopped(reason: string): Outcome {
  return { status: 'stopped', cause: 'configuration', reason }
}
