// Whether objects are what Kubernetes takes. Values are judged by the validators of kubernetes-models; but they let
// unknown properties pass, as an API server does with a warning nobody reads. So every object is also written down as a
// literal of its model's type, and the compiler, which refuses properties that a type does not have, is asked. Custom
// resources have a strict schema here (crds.ts).
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { root } from '../docs/checkout.ts'
import { customProblems, isCustom } from './crds.ts'
import type { Manifest, Placed } from './manifests.ts'

/** What is wrong with the objects, each named. */
export async function problemsOf(objects: readonly Placed[]): Promise<readonly string[]> {
  const own = objects.filter(({ object }) => !isCustom(object))
  const custom = objects.filter(({ object }) => isCustom(object))
  const values = await Promise.all(own.map(valueProblems))
  return [...values.flat(), ...(await typeProblems(own)), ...custom.flatMap(customProblems)]
}

type Models = Readonly<Record<string, new (data: Manifest) => { validate(): void }>>

async function valueProblems({ where, object }: Placed): Promise<readonly string[]> {
  try {
    const models = (await import(/* @vite-ignore */ `kubernetes-models/${object.apiVersion}/${object.kind}`)) as Models
    new models[object.kind]!(object).validate()
    return []
  } catch (error) {
    return [`${where}: ${error instanceof Error ? error.message : error}`]
  }
}

const compiler = {
  compilerOptions: { target: 'es2024', module: 'nodenext', types: [], noEmit: true, strict: true, skipLibCheck: true },
  include: ['*.ts'],
}

async function typeProblems(objects: readonly Placed[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'manifests-'))
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(compiler))
    objects.forEach(({ object }, index) => {
      writeFileSync(join(folder, `${index}.ts`), literalOf(object))
    })
    return (await compiled(folder)).map((line) => {
      const [, index, rest] = /^(\d+)\.ts\(\d+,\d+\): (.*)$/.exec(line) ?? []
      return index === undefined ? line : `${objects[Number(index)]?.where}: ${rest}`
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function literalOf(object: Manifest): string {
  const { apiVersion, kind } = object
  const type = `import type { I${kind} } from 'kubernetes-models/${apiVersion}/${kind}'`
  return `${type}\nexport const object: I${kind} = ${JSON.stringify(object)}\n`
}

/** What the compiler says, a line each. */
async function compiled(folder: string): Promise<readonly string[]> {
  const args = [join(root, 'node_modules/typescript/bin/tsc'), '--project', folder, '--pretty', 'false']
  const told = await promisify(execFile)(process.execPath, args, { cwd: folder }).catch((failed: unknown) => failed)
  const { stdout } = told as { stdout: string }
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' '))
}
