// Completes package-lock.json with the optional platform packages that a registry mirror did not have.
//
//   node deploy/runtime/complete-lock.mts [package-lock.json] [--check]
//
// Why: a package such as a linter ships one optional binary package per platform. When the registry at hand lacks some
// of them, `npm install` drops them from the lock file without a word, and `npm ci` then refuses the lock file with
// "Missing: X from lock file", everywhere. So run this after every change of a dependency: it adds an entry (version, os,
// cpu, libc; no integrity, since nobody could download it) for each one that is missing. On the platform that needs it npm
// resolves it like any package; elsewhere it is skipped. A complete lock file is left byte for byte as it was.
// `--check` writes nothing and exits with 1 if something is missing.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

export interface LockedPackage {
  readonly version?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly os?: readonly string[] | string
  readonly cpu?: readonly string[] | string
  readonly libc?: readonly string[] | string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>
}

export interface Completed<L extends Lock> {
  readonly lock: L
  /** Paths of the entries that were missing. */
  readonly added: readonly string[]
  /** Missing, and nothing can be said about them: no exact version, or a name without a platform. */
  readonly skipped: readonly string[]
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64']
const libraries: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
}
const exact = /^\d+\.\d+\.\d+(?:[-+].*)?$/

/** The lock file with an entry for every optional dependency. Changes nothing that is there. */
export function completeLock<L extends Lock>(lock: L): Completed<L> {
  const packages: Record<string, LockedPackage> = { ...lock.packages }
  const added: string[] = []
  const skipped: string[] = []
  for (const [parent, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (found(packages, parent, name, range)) continue
      const stub = stubOf(name, range, entry)
      if (stub === undefined) {
        skipped.push(`${name}@${range}`)
        continue
      }
      const path = placeOf(packages, parent, name)
      packages[path] = stub
      added.push(path)
    }
  }
  return { lock: added.length === 0 ? lock : { ...lock, packages: sorted(packages) }, added, skipped }
}

/** Node's own resolution: the nearest node_modules that has it, and the version there must be the one asked for. */
function found(packages: Lock['packages'], parent: string, name: string, range: string): boolean {
  for (let folder = parent; ; folder = parentOf(folder)) {
    const there = packages[join(folder, name)]
    if (there !== undefined) return !exact.test(range) || there.version === undefined || there.version === range
    if (folder === '') return false
  }
}

function parentOf(folder: string): string {
  const end = folder.lastIndexOf('node_modules/')
  return end <= 0 ? '' : folder.slice(0, end - 1)
}

function join(folder: string, name: string): string {
  return folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
}

/** At the top, as npm hoists, unless another version lies there. */
function placeOf(packages: Lock['packages'], parent: string, name: string): string {
  const top = join('', name)
  return packages[top] === undefined ? top : join(parent, name)
}

function stubOf(name: string, version: string, parent: LockedPackage): LockedPackage | undefined {
  const words = name.split(/[-./@_]/)
  const os = words.find((word) => systems.includes(word))
  if (os === undefined || !exact.test(version)) return undefined
  const cpu = words.find((word) => processors.includes(word))
  const libc = os === 'linux' ? words.flatMap((word) => libraries[word] ?? [])[0] : undefined
  return {
    version,
    ...(cpu !== undefined && { cpu: [cpu] }),
    ...(parent.dev === true && { dev: true }),
    ...(parent.devOptional === true && { devOptional: true }),
    ...(libc !== undefined && { libc: [libc] }),
    optional: true,
    os: [os],
  }
}

function sorted(packages: Readonly<Record<string, LockedPackage>>): Record<string, LockedPackage> {
  return Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
}

function main(args: readonly string[]): number {
  const path = args.find((argument) => !argument.startsWith('--')) ?? 'package-lock.json'
  const { lock, added, skipped } = completeLock(JSON.parse(readFileSync(path, 'utf8')) as Lock)
  for (const one of skipped) process.stderr.write(`left out, no platform or no exact version: ${one}\n`)
  const check = args.includes('--check')
  if (added.length > 0 && !check) writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`)
  process.stdout.write(`${path}: ${added.length} missing${added.length > 0 && !check ? ', added' : ''}\n`)
  for (const one of added) process.stdout.write(`  ${one}\n`)
  return check && added.length > 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2))
