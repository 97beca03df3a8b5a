// A forwarder of its own in a folder of its own: the sources copied, what they depend on linked from the checkout, and
// room in node_modules for packages that are really installed there.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { root, textOf } from '../docs/checkout.ts'

const scope = '@circleci-audit-forwarder'

export class Installation {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'plugins-'))
  /** The program's file. */
  readonly main: string = join(this.folder, 'app/src/cli/main.ts')

  constructor() {
    const app = join(this.folder, 'app')
    for (const part of ['src', 'package.json']) cpSync(join(root, part), join(app, part), { recursive: true })
    mkdirSync(join(app, 'node_modules', scope), { recursive: true })
    const names = readdirSync(join(root, 'node_modules')).filter((name) => name !== scope && !name.startsWith('.'))
    const ours = readdirSync(join(root, 'node_modules', scope)).map((name) => `${scope}/${name}`)
    for (const name of [...names, ...ours])
      symlinkSync(join(root, 'node_modules', name), join(app, 'node_modules', name))
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Writes files into a folder of this one. */
  write(folder: string, files: ReadonlyMap<string, string>): string {
    const place = this.path(folder)
    for (const [name, text] of files) {
      mkdirSync(dirname(join(place, name)), { recursive: true })
      writeFileSync(join(place, name), text)
    }
    return place
  }

  /** `npm pack` of a folder. Answers the tarball's path. */
  pack(folder: string): string {
    const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', this.folder]
    const env = {
      PATH: process.env['PATH'],
      HOME: this.folder,
      npm_config_cache: this.path('npm'),
      npm_config_update_notifier: 'false',
    }
    const told = execFileSync('npm', args, { cwd: folder, env, encoding: 'utf8' })
    return this.path((JSON.parse(told) as readonly { readonly filename: string }[])[0]?.filename ?? '')
  }

  /** What `npm install` does with a tarball: it lies in `node_modules` of the folder. */
  install(tarball: string, name: string, folder: string = this.path('app')): void {
    const place = join(folder, 'node_modules', name)
    mkdirSync(place, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', place])
  }

  /** What npm adds where no others fit: the contract and zod, copies of their own, compiled. */
  installPeers(folder: string): void {
    const modules = join(folder, 'node_modules')
    const contract = join(modules, scope, 'contract')
    const project = join(root, 'exporters/contract')
    const flags = [
      '--composite',
      'false',
      '--incremental',
      'false',
      '--declaration',
      'false',
      '--outDir',
      join(contract, 'dist'),
    ]
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, '-p', project, ...flags], { cwd: project })
    const { version } = JSON.parse(textOf('exporters/contract/package.json')) as { version: string }
    const manifest = { name: `${scope}/contract`, version, type: 'module', exports: './dist/index.js' }
    writeFileSync(join(contract, 'package.json'), JSON.stringify(manifest))
    cpSync(join(root, 'node_modules/zod'), join(modules, 'zod'), { recursive: true })
    symlinkSync(join(root, 'node_modules/undici'), join(modules, 'undici'))
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
