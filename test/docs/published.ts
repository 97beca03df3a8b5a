// The packages as whoever installs them gets them: packed by npm from a copy of the checkout, where npm's own `prepack`
// compiles them, and unpacked into the node_modules of a folder that has nothing else than what they say they need. With
// INSTALL_PACKAGES=1 npm itself, on the machine's own Node, installs them into an empty project, and what they need comes
// from the registry: so in CI, and not in `npm test`, which needs no network.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root, textOf } from './checkout.ts'

export const scope = '@circleci-audit-forwarder'

export interface Manifest {
  readonly name: string
  readonly license?: string
  readonly engines?: { readonly node?: string }
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly access?: string }
}

export interface Package {
  /** Its folder in `exporters/`. */
  readonly folder: string
  readonly manifest: Manifest
  /** Paths of the files in its tarball. */
  readonly files: readonly string[]
}

/** Every package of `exporters/`. */
export const folders: readonly string[] = readdirSync(`${root}/exporters`).sort()

export function manifestOf(folder: string): Manifest {
  return JSON.parse(textOf(`exporters/${folder}/package.json`)) as Manifest
}

export class Published {
  readonly packages: readonly Package[]
  readonly #place: string = mkdtempSync(join(tmpdir(), 'packages-'))

  /** @param more what else is installed, by name: paths of tarballs */
  constructor(more: Readonly<Record<string, string>> = {}) {
    const sources = join(this.#place, 'checkout')
    layOut(sources)
    const tarballs = join(this.#place, 'tarballs')
    mkdirSync(tarballs)
    const packed = pack(sources, tarballs)
    this.packages = folders.map((folder) => {
      const manifest = manifestOf(folder)
      const one = packed.find(({ name }) => name === manifest.name)
      return { folder, manifest, files: one?.files.map(({ path }) => path) ?? [] }
    })
    const ours = Object.fromEntries(packed.map(({ name, filename }) => [name, join(tarballs, filename)]))
    const all = { ...ours, ...more }
    if (process.env['INSTALL_PACKAGES'] === '1') installByNpm(Object.values(all), this.consumer)
    else for (const [name, tarball] of Object.entries(all)) unpack(tarball, this.unpacked(name))
  }

  /** A folder with the packages in its node_modules, and what they depend on. */
  get consumer(): string {
    return join(this.#place, 'app')
  }

  /** The folder of an unpacked package. */
  unpacked(name: string): string {
    return join(this.consumer, 'node_modules', name)
  }

  /** Makes a package of the checkout available to the consumer, under its own or another name. */
  install(name: string): void {
    const place = this.unpacked(name)
    if (existsSync(place)) return
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(`${root}/node_modules/${name}`, place)
  }

  remove(): void {
    rmSync(this.#place, { recursive: true, force: true })
  }
}

/** The exporters alone, with what they are built with linked from the checkout, and each other by name. */
export function layOut(place: string): void {
  const modules = join(place, 'node_modules')
  mkdirSync(join(modules, scope), { recursive: true })
  for (const name of readdirSync(`${root}/node_modules`)) {
    if (name !== scope) symlinkSync(`${root}/node_modules/${name}`, join(modules, name))
  }
  cpSync(`${root}/tsconfig.json`, join(place, 'tsconfig.json'))
  for (const folder of folders) {
    const to = join(place, 'exporters', folder)
    const built = [join(root, 'exporters', folder, 'dist'), join(root, 'exporters', folder, 'node_modules')]
    cpSync(join(root, 'exporters', folder), to, { recursive: true, filter: (path) => !built.includes(path) })
    symlinkSync(to, join(modules, manifestOf(folder).name))
  }
}

export interface Packed {
  readonly name: string
  readonly filename: string
  readonly files: readonly { readonly path: string }[]
}

/** Packs these folders of a checkout, the exporters unless others are named. */
export function pack(
  place: string,
  into: string,
  packages: readonly string[] = folders.map((folder) => `./exporters/${folder}`),
): readonly Packed[] {
  const args = ['pack', '--json', '--pack-destination', into, ...packages]
  const quiet = { npm_config_cache: join(into, 'npm'), npm_config_update_notifier: 'false' }
  const env = { PATH: process.env['PATH'], HOME: place, ...quiet }
  const told = execFileSync('npm', args, { cwd: place, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  return JSON.parse(told) as readonly Packed[]
}

export function unpack(tarball: string, place: string): void {
  mkdirSync(place, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', place])
}

/** `npm install`, as it is on the machine. */
function installByNpm(tarballs: readonly string[], place: string): void {
  mkdirSync(place)
  writeFileSync(join(place, 'package.json'), '{ "name": "empty", "private": true }')
  const own = (process.env['PATH'] ?? '').split(':').filter((folder) => !folder.includes('node_modules'))
  const env = { ...process.env, PATH: own.join(':') }
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs]
  execFileSync('npm', args, { cwd: place, env, stdio: ['ignore', 'pipe', 'inherit'] })
}
