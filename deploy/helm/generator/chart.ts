// Where the chart is, and what of it is made from something else. `npm run chart` writes all of it; tests compare.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const root: string = fileURLToPath(new URL('../../../', import.meta.url))

/** The chart's folder, from the repository's root. */
export const chart = 'deploy/helm/circleci-audit-forwarder'

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Names of the examples: the folders that have values. */
export function examples(): readonly string[] {
  return readdirSync(join(root, chart, 'examples'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()
}
