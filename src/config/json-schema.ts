// The schema as JSON Schema, for editors. Components are found by the type in their id, so their sections become
// patterns; and since any scalar may be written as a reference, each also accepts `${...}`.
import { z } from 'zod'
import { type Components, configSchema, schemasOf, sections } from './schema.ts'

type Node = Record<string, unknown>

/** The JSON Schema (draft 2020-12) of a configuration file. */
export function jsonSchema(components: Components): Node {
  const types = (section: (typeof sections)[number]) => Object.keys(schemasOf(section, components))
  const ids = { receivers: types('receivers'), processors: types('processors'), exporters: types('exporters') }
  const schema = z.toJSONSchema(configSchema(components, ids), { io: 'input', override }) as Node
  for (const section of sections) byPattern((schema['properties'] as Record<string, Node>)[section]!)
  return { title: 'circleci-audit-forwarder', ...(withReferences(schema) as Node) }
}

function override({ jsonSchema }: { jsonSchema: Node }): void {
  if (jsonSchema['secret'] === true) jsonSchema['writeOnly'] = true
  delete jsonSchema['secret']
}

function byPattern(section: Node): void {
  const bodies = Object.entries(section['properties'] as Record<string, Node>)
  section['patternProperties'] = Object.fromEntries(bodies.map(([type, body]) => [`^${type}(/[^/\\s]+)?$`, body]))
  delete section['properties']
  delete section['required']
}

const constrained = ['pattern', 'enum', 'format', 'anyOf']

function withReferences(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withReferences)
  if (typeof node !== 'object' || node === null) return node
  const schema = node as Node
  if (isOneOrMore(schema)) return { ...schema, anyOf: withReferences(schema['anyOf']) }
  const scalar = ['number', 'integer', 'boolean'].includes(schema['type'] as string)
  if (scalar || constrained.some((name) => Object.hasOwn(schema, name) && typeof schema[name] !== 'boolean')) {
    const { description, default: fallback, writeOnly, ...rule } = schema
    const anyOf = [rule, { type: 'string', pattern: '\\$\\{.+\\}' }]
    return clean({ description, default: fallback, writeOnly, anyOf })
  }
  return Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, below(name, value)]))
}

/** A mapping, or a list of such: no scalar that a reference could stand for. */
function isOneOrMore({ anyOf }: Node): boolean {
  return Array.isArray(anyOf) && anyOf.some((option: Node) => option['type'] === 'array')
}

/** Under these keywords stand schemas; under the others, values. */
function below(keyword: string, value: unknown): unknown {
  if (keyword === 'properties' || keyword === 'patternProperties') {
    return Object.fromEntries(Object.entries(value as Node).map(([name, schema]) => [name, withReferences(schema)]))
  }
  return keyword === 'items' || keyword === 'additionalProperties' ? withReferences(value) : value
}

function clean(node: Node): Node {
  return Object.fromEntries(Object.entries(node).filter(([, value]) => value !== undefined))
}
