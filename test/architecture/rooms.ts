// The rooms and what each may import, in the order of the house: imports run only upwards in this table, so a cycle
// cannot be written. Type-only imports count: a room that names another's types knows it.
import { posix } from 'node:path'

export interface Room {
  readonly name: string
  readonly mayImport: readonly string[]
}

const everyExporter = 'exporters/*'
const contract = 'exporters/contract'

export const rooms: readonly Room[] = [
  { name: contract, mayImport: [] },
  { name: everyExporter, mayImport: [contract] },
  { name: 'src/domain', mayImport: [] },
  { name: 'src/mapping', mayImport: ['src/domain', contract] },
  // An exporter that no configuration names: people are told by the same lanes.
  { name: 'src/notify', mayImport: ['src/mapping', contract] },
  { name: 'src/ledger', mayImport: ['src/domain'] },
  { name: 'src/telemetry', mayImport: ['src/domain'] },
  { name: 'src/receiver', mayImport: ['src/domain', 'src/telemetry'] },
  // The receiver for how this program talks to AWS.
  { name: 'src/checkpoint', mayImport: ['src/domain', 'src/ledger', 'src/telemetry', 'src/receiver'] },
  { name: 'src/databases', mayImport: ['src/domain', 'src/telemetry'] },
  { name: 'src/processors', mayImport: ['src/domain', contract] },
  { name: 'src/delivery', mayImport: ['src/domain', 'src/ledger', 'src/telemetry', contract] },
  { name: 'src/watch', mayImport: ['src/domain', 'src/ledger', 'src/telemetry'] },
  { name: 'src/registry.ts', mayImport: [contract, everyExporter] },
  // The contract is how the registry's modules are typed, and where the scalars all settings share (duration, size) live.
  { name: 'src/config', mayImport: ['src/domain', 'src/registry.ts', contract] },
  {
    name: 'src/pipeline.ts',
    mayImport: [
      'src/domain',
      'src/mapping',
      'src/processors',
      'src/ledger',
      'src/telemetry',
      'src/receiver',
      'src/delivery',
      'src/watch',
      contract,
    ],
  },
  { name: 'src/admin', mayImport: ['src/domain', 'src/ledger', 'src/telemetry'] },
  { name: 'src/cli', mayImport: ['*'] },
]

/** The one file that imports what it is told by name: the packages of `service.plugins`, which are in no table. */
export const importsByName = 'src/config/packages.ts'

/** What lies beside its room: the wiring of src/cli, and the parts the page of src/pipeline.ts is put together from. */
const parts: Readonly<Record<string, string>> = { 'src/assemble.ts': 'src/cli', 'src/pipeline': 'src/pipeline.ts' }

/** The room a file of the project lies in; undefined for none, which is against the table too. */
export function roomOf(path: string): string | undefined {
  const [top, second] = path.split('/')
  const room = parts[`${top}/${second}`] ?? `${top}/${second}`
  if (top === 'exporters') return room
  return rooms.some(({ name }) => name === room) ? room : undefined
}

/** Where an import leads: a room, `nowhere` for a path into none, undefined for a package that is not ours. */
export function target(from: string, specifier: string): string | undefined {
  const own = /^@circleci-audit-forwarder\/(?:exporter-)?([\w-]+)/.exec(specifier)?.[1]
  if (own !== undefined) return `exporters/${own}`
  const path = specifier.startsWith('#') ? specifier.slice(1) : posix.join(posix.dirname(from), specifier)
  if (!/^[.#]/.test(specifier)) return undefined
  return roomOf(path) ?? 'nowhere'
}

export function isAllowed(from: string, to: string): boolean {
  if (from === to) return true
  const entry = rooms.find(({ name }) => name === from) ?? rooms.find(({ name }) => name === everyExporter)
  const wanted = to === contract ? [contract, '*'] : [to, to.startsWith('exporters/') ? everyExporter : to, '*']
  return wanted.some((name) => entry?.mayImport.includes(name))
}
