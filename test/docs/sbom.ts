// Judges the bill of materials that it is piped, as `.ci/run` does: it must be CycloneDX, and name everything that
// docs/licences.md lists as installed with the program, each with a licence, and nothing else but the project's own packages.
import { text } from 'node:stream/consumers'
import { textOf } from './checkout.ts'

interface Bill {
  readonly bomFormat?: string
  readonly metadata?: { readonly component?: { readonly version?: string } }
  readonly components?: readonly { readonly purl?: string; readonly licenses?: readonly unknown[] }[]
}

const bill = JSON.parse(await text(process.stdin)) as Bill
const rows = [...textOf('docs/licences.md').matchAll(/^\| (\S+) \| (\d\S*) \|/gm)]
const listed = new Set(rows.map(([, name, version]) => `${name}@${version}`))
const components = (bill.components ?? []).map((one) => ({ ...one, id: idOf(one.purl) }))
const foreign = components.filter(({ id }) => !id.startsWith('@circleci-audit-forwarder/'))
const named = new Set(foreign.map(({ id }) => id))
const faults = [
  ...(bill.bomFormat === 'CycloneDX' ? [] : [`it is no CycloneDX: ${bill.bomFormat}`]),
  ...[...named].filter((id) => !listed.has(id)).map((id) => `${id} is in no list of licences`),
  ...[...listed].filter((id) => !named.has(id)).map((id) => `${id} is not in the bill`),
  ...foreign.filter(({ licenses = [] }) => licenses.length === 0).map(({ id }) => `${id} is without a licence`),
]
for (const fault of faults) console.error(fault)
console.log(`${components.length} components, ${faults.length} faults`)
process.exitCode = faults.length === 0 ? 0 : 1

/** `pkg:npm/%40scope/name@1.0.0` as `@scope/name@1.0.0`. */
function idOf(purl = ''): string {
  return decodeURIComponent(purl.replace(/^pkg:npm\//, '').replace(/\?.*$/, ''))
}
