// Writes what of the chart is made from something else (`npm run chart`): the schema of its values, the README's table, the
// alerts and the dashboard, and, where there is a helm, the rendered examples.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chart, examples, root, textOf } from './chart.ts'
import { digest, digestFile } from './digest.ts'
import { copies } from './files.ts'
import { hasHelm, rendered } from './helm.ts'
import { readme } from './readme.ts'
import { valuesSchemaText } from './values-schema.ts'

write(`${chart}/values.schema.json`, valuesSchemaText())
write(`${chart}/README.md`, readme())
for (const [copy, original] of copies) write(copy, textOf(original))
if (hasHelm) {
  for (const example of examples()) render(example)
  write(digestFile, digest())
} else process.stderr.write('there is no helm (HELM or PATH): the examples were not rendered\n')

function render(example: string): void {
  const folder = `${chart}/examples/${example}/rendered`
  rmSync(join(root, folder), { recursive: true, force: true })
  mkdirSync(join(root, folder))
  for (const [name, text] of rendered(example)) write(`${folder}/${name}`, text)
}

function write(path: string, text: string): void {
  writeFileSync(join(root, path), text)
}
