// Finding a package that the configuration names, and importing it. Three folders are asked in this order: the
// forwarder's own (so what was installed with the program, or beside it, wins over whatever lies elsewhere), the
// configuration file's, and the working directory; each as Node does it, upwards through every `node_modules`.
// Resolution is Node's own, with the conditions of an import: a hook gives it the folder to begin from. Rejected:
// `require.resolve`, which takes a folder but not the conditions, so that a package with `import` alone is not found.
import { registerHooks } from 'node:module'
import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A package is code of its own: it may wait for ever while it loads. */
const LOADING_MS = 30_000

/** From `src/config` as from `dist/config`. */
const installation = resolve(import.meta.dirname, '../..')

/** Why a package could not be had. `absent`: no folder has it. */
export class PackageFailure extends Error {
  readonly absent: boolean

  constructor(message: string, options: { readonly absent: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'PackageFailure'
    this.absent = options.absent
  }
}

/** The folders in which a package named in this file is looked for, in order. */
export function foldersFor(file: string): readonly string[] {
  return [...new Set([installation, dirname(resolve(file)), process.cwd()])]
}

/** What the package exports. Rejects with PackageFailure. */
export async function importPackage(name: string, folders: readonly string[]): Promise<Record<string, unknown>> {
  const url = locate(name, folders)
  const late = Promise.withResolvers<never>()
  const seconds = LOADING_MS / 1000
  const timer = setTimeout(() => late.reject(new Error(`it did not finish in ${seconds} s`)), LOADING_MS)
  try {
    return (await Promise.race([import(url), late.promise])) as Record<string, unknown>
  } catch (cause) {
    throw new PackageFailure(`cannot be loaded: ${firstLine(cause)}`, { absent: false, cause })
  } finally {
    clearTimeout(timer)
  }
}

function locate(name: string, folders: readonly string[]): string {
  const failures: unknown[] = []
  for (const folder of folders) {
    try {
      return resolveFrom(name, folder)
    } catch (error) {
      if (codeOf(error) !== 'ERR_MODULE_NOT_FOUND') {
        throw new PackageFailure(`cannot be imported: ${firstLine(error)}`, { absent: false, cause: error })
      }
      failures.push(error)
    }
  }
  throw new PackageFailure('is not installed', { absent: true, cause: failures[0] })
}

/** Synchronous from hook to hook's end, so that no other import can pass through it. */
function resolveFrom(name: string, folder: string): string {
  const parentURL = pathToFileURL(`${folder}/`).href
  const hooks = registerHooks({ resolve: (specifier, context, next) => next(specifier, { ...context, parentURL }) })
  try {
    return import.meta.resolve(name)
  } finally {
    hooks.deregister()
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? `${error.message}` : String(error)
  return text.split('\n', 1)[0]!.slice(0, 300)
}
