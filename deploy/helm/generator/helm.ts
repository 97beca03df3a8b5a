// The real helm, where there is one: the one named by HELM, else the one on PATH. Its version matters little; for which
// Kubernetes it renders is said, because a helm without a cluster assumes a very old one.
import { spawnSync } from 'node:child_process'
import { chart, root } from './chart.ts'

const KUBERNETES = '1.31.0'
const program = process.env['HELM'] ?? 'helm'

/** Whether there is a helm. */
export const hasHelm: boolean = spawnSync(program, ['version', '--short']).status === 0

export interface Answer {
  readonly ok: boolean
  readonly out: string
  readonly err: string
}

export function helm(args: readonly string[], input?: string): Answer {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8', input })
  return { ok: status === 0, out: stdout, err: stderr }
}

/** `helm template` of the chart, as release `audit` in namespace `security`. */
export function template(args: readonly string[], input?: string): Answer {
  return helm(['template', 'audit', chart, '--namespace', 'security', '--kube-version', KUBERNETES, ...args], input)
}

/** What an example becomes: the rendered files by name. Throws what helm says otherwise. */
export function rendered(example: string): ReadonlyMap<string, string> {
  const { ok, out, err } = template(['--values', `${chart}/examples/${example}/values.yaml`])
  if (!ok) throw new Error(err)
  return split(out)
}

/** One file per template, several objects of one template together, each with its source as helm names it. */
function split(text: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const object of text.split(/^---\n/m).filter((one) => one.trim() !== '')) {
    const [, source] = /^# Source: [^/]+\/templates\/(\S+)/.exec(object) ?? []
    if (source === undefined) throw new Error(`an object of no template: ${object.slice(0, 200)}`)
    const name = source.replaceAll('/', '-')
    files.set(name, `${files.get(name) ?? ''}---\n${object.trimEnd()}\n`)
  }
  return files
}
