// `npm run sbom`: a bill of materials (CycloneDX) of what is installed with the program. `npm sbom` makes it, of manifests
// and a lock file from which everything that only tests need was taken out before. Left in, with `--omit dev`, npm leaves
// out whatever a test needs too: the AWS SDK and a hundred others. Of packages that others can do without (`optional`,
// among them the Node that comes with a checkout) none is counted.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Manifest {
  readonly name?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly devOptional?: boolean
  readonly link?: boolean
  readonly resolved?: string
  readonly [key: string]: unknown
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const lock = read('package-lock.json') as Manifest & { readonly packages: Readonly<Record<string, Manifest>> }
const kept = Object.entries(lock.packages)
  .filter(([path, one]) => isInstalled(one) && !/(^|\/)runtime$/.test(path))
  .map(([path, one]) => [path, stripped(one)] as const)

const scratch = mkdtempSync(join(tmpdir(), 'sbom-'))
try {
  // npm names the program by its folder.
  const folder = join(scratch, String(lock.name))
  write(folder, 'package-lock.json', { ...lock, packages: Object.fromEntries(kept) })
  const own = kept.map(([path]) => path).filter((path) => !path.includes('node_modules/'))
  for (const path of own) write(folder, join(path, 'package.json'), stripped(read(join(path, 'package.json'))))
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application']
  process.exitCode = spawnSync('npm', args, { cwd: folder, stdio: 'inherit' }).status ?? 1
} finally {
  rmSync(scratch, { recursive: true })
}

function isInstalled({ dev, optional, devOptional, link, resolved }: Manifest): boolean {
  const target = link ? lock.packages[String(resolved)] : undefined
  return !(dev || optional || devOptional) && (target === undefined || isInstalled(target))
}

/** Without what nobody gets who installs it. */
function stripped(manifest: Manifest): Manifest {
  const { devDependencies: _, optionalDependencies: __, overrides: ___, scripts: ____, ...rest } = manifest
  return 'workspaces' in rest ? { ...rest, workspaces: ['exporters/*'] } : rest
}

function read(path: string): Manifest {
  return JSON.parse(readFileSync(join(root, path), 'utf8')) as Manifest
}

function write(folder: string, path: string, content: object): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  writeFileSync(join(folder, path), JSON.stringify(content))
}
