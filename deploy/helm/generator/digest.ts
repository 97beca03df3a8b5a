// Where there is no helm, nobody can say whether the rendered examples are what the chart makes; but it can be said
// whether anything they are made of has changed since they were rendered. That is the digest beside them.
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { chart, root, textOf } from './chart.ts'

/** The digest's place. */
export const digestFile = `${chart}/examples/rendered.sha256`

/** sha256 over what is rendered, how, and into what. */
export function digest(): string {
  const hash = createHash('sha256')
  for (const path of paths()) hash.update(`${path}\n${textOf(`${chart}/${path}`)}\n`)
  return `${hash.digest('hex')}\n`
}

function paths(): readonly string[] {
  const folder = join(root, chart)
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((path) => !/\.md$|\.sha256$|^values\.schema\.json$/.test(path))
    .sort()
}
