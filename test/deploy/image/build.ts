// The image, built without a container engine: the Dockerfile's stages in folders of a scratch place, COPY from what
// .dockerignore lets through, RUN in the stage's folder with the Node of this checkout in place of the base image's. What
// it cannot show is the base image itself. `npm run image` does it and runs what came out as the container would: as a
// user that may write nothing but the ledger's folder. Who is not root cannot give a file away: chown then does nothing,
// everything runs as one user, and that it may not write elsewhere is not shown.
import { spawnSync } from 'node:child_process'
import { chownSync, cpSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../../docs/checkout.ts'
import { contextFiles } from './context.ts'
import { commandOf, copied, type Dockerfile, type Instruction, type Stage } from './dockerfile.ts'

export const isRoot: boolean = process.getuid?.() === 0

/** What a stage has become. */
export interface Built {
  /** The folder that stands for `/`. */
  readonly folder: string
  /** The folder that holds the base image's programs. */
  readonly base: string
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
  readonly user: number | undefined
  /** ENTRYPOINT and CMD. */
  readonly command: readonly string[]
  readonly healthcheck: readonly string[]
}

export interface Where {
  /** The folder in which the stages become folders. */
  readonly place: string
  readonly base: string
}

/** Builds all stages, and returns the last. Throws where an instruction fails. */
export function build({ stages }: Dockerfile, where: Where): Built {
  const built = new Map<string, Built>()
  for (const stage of stages) built.set(stage.name, buildStage(stage, where, built))
  return built.get(stages.at(-1)?.name ?? '')!
}

function buildStage(stage: Stage, { place, base }: Where, others: ReadonlyMap<string, Built>): Built {
  const folder = join(place, stage.name)
  mkdirSync(folder, { recursive: true })
  let state: Built = { folder, base, workdir: '/', env: {}, user: undefined, command: [], healthcheck: [] }
  for (const instruction of stage.instructions) state = { ...state, ...applied(instruction, state, others) }
  return state
}

function applied(one: Instruction, state: Built, others: ReadonlyMap<string, Built>): Partial<Built> {
  switch (one.name) {
    case 'WORKDIR':
      mkdirSync(join(state.folder, one.text), { recursive: true })
      return { workdir: one.text }
    case 'ENV': {
      const [name = '', value = ''] = one.text.split('=', 2)
      return { env: { ...state.env, [name]: value } }
    }
    case 'USER':
      return { user: Number(one.text.split(':')[0]) }
    case 'COPY':
      copy(one, state, others)
      return {}
    case 'RUN':
      execute(['sh', '-ec', one.text], { ...state, env: { ...state.env, ...surroundings() } })
      return {}
    case 'ENTRYPOINT':
      return { command: commandOf(one) }
    case 'CMD':
      return { command: [...state.command, ...commandOf(one)] }
    case 'HEALTHCHECK':
      return { healthcheck: commandOf(one) }
    case 'LABEL':
    case 'EXPOSE':
      return {}
    default:
      throw new Error(`${one.name} is not understood here`)
  }
}

/** How this machine reaches its registry, which npm finds beside its own Node and not beside the base image's. */
function surroundings(): Readonly<Record<string, string>> {
  const wanted =
    /^(npm_config_(globalconfig|userconfig|cache|registry|cafile)|NODE_EXTRA_CA_CERTS|https?_proxy|no_proxy)$/i
  const given = Object.entries(process.env).filter(([name, value]) => wanted.test(name) && value !== undefined)
  return Object.fromEntries(given) as Record<string, string>
}

function copy(one: Instruction, { folder, workdir }: Built, others: ReadonlyMap<string, Built>): void {
  const { sources, to } = copied(one)
  const into = to.startsWith('/') ? join(folder, to) : join(folder, workdir, to)
  const from = others.get(one.flags['from'] ?? '')
  for (const source of sources) {
    if (from === undefined) copyFromContext(source, into, to.endsWith('/'))
    else cpSync(join(from.folder, source), into, { recursive: true, verbatimSymlinks: true })
  }
  const owner = Number(one.flags['chown']?.split(':')[0])
  if (isRoot && owner) chownSync(into, owner, owner)
}

/** A file goes into a folder or becomes it; a folder's content goes into it. */
function copyFromContext(source: string, into: string, isFolder: boolean): void {
  const files = contextFiles().filter((path) => path === source || path.startsWith(`${source}/`))
  if (files.length === 0) throw new Error(`COPY ${source}: there is nothing of that name in the build context`)
  for (const path of files) {
    const target =
      path === source ? (isFolder ? join(into, path.split('/').at(-1)!) : into) : into + path.slice(source.length)
    mkdirSync(dirname(target), { recursive: true })
    cpSync(join(root, path), target)
  }
}

/** Runs a command in a built stage. Returns what it said; throws where it fails. */
export function execute(command: readonly string[], { folder, base, workdir, env, user }: Built): string {
  const own = (env['PATH'] ?? '').split(':').filter((path) => path.startsWith('/'))
  const path = [...own.map((one) => join(folder, one)), base, process.env['PATH']].join(':')
  const [program = '', ...args] = command
  const { status, stdout, stderr } = spawnSync('/usr/bin/env', [program, ...args], {
    cwd: join(folder, workdir),
    env: { ...env, HOME: user ? '/tmp' : (process.env['HOME'] ?? '/tmp'), PATH: path },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    ...(isRoot && user ? { uid: user, gid: user } : {}),
  })
  if (status === 0) return stdout + stderr
  throw new Error(`${command.join(' ')} ended with ${status}: ${stderr.slice(-2_000)}`)
}

/** Bytes of all files below a folder. */
export function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
