// The chart's rendered examples, as they are kept.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { chart, root } from '../../deploy/helm/generator/chart.ts'
import { manifestsOf, type Placed } from './manifests.ts'

export function renderedFolder(example: string): string {
  return `${chart}/examples/${example}/rendered`
}

/** Every object that the example becomes. */
export function renderedObjects(example: string): readonly Placed[] {
  const folder = renderedFolder(example)
  return readdirSync(join(root, folder)).flatMap((name) => manifestsOf(`${folder}/${name}`))
}

/** Names of the files that are kept. */
export function renderedNames(example: string): readonly string[] {
  return readdirSync(join(root, renderedFolder(example))).sort()
}
