import { readFileSync } from 'node:fs'

/** How `npm start` runs the program: what it sets in the environment, and what it gives to node before the script. */
export interface StartScript {
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
}

/** Read from package.json, so that tests and benches run what an operator runs. */
export const startScript: StartScript = parse(
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as Manifest).scripts.start,
)

interface Manifest {
  readonly scripts: { readonly start: string }
}

function parse(script: string): StartScript {
  const words = script.split(' ')
  const exec = words.indexOf('exec')
  const settings = words.slice(0, exec).map((word) => word.split('=') as [string, string])
  if (words[exec + 1] !== 'node' || words.at(-1) !== 'src/cli/main.ts') throw new Error(`no start script: ${script}`)
  return { env: Object.fromEntries(settings), flags: words.slice(exec + 2, -1) }
}
