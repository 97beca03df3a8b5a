// What `config` may be in the chart's values: the program's own JSON Schema, changed where values are not the file.
// Defaults of the chart come beneath them, so nothing at the top is required here (the templates ask in words); what is
// secret must be a reference, because values end in a ConfigMap and in the release's history; and it is draft-07, which
// every Helm 3 reads. Rejected: a schema kept by hand, which would be wrong within a month.
import { components } from '../../../src/cli/components.ts'
import { jsonSchema } from '../../../src/config/json-schema.ts'

export type Node = Record<string, unknown>

/** With a reference in it, and without a default, which would stand there in clear. */
const reference = { type: 'string', pattern: '\\$\\{(file:[^}]+|(env:)?[A-Za-z_][A-Za-z0-9_]*)\\}' }

/** A proxy is a secret for the password it may carry. Without one it may stand there. */
const proxy = { anyOf: [reference, { type: 'string', pattern: '^https?://[^@]+$' }] }

/** What stands behind the question mark of an address may be a key. */
const withoutKey = { not: { type: 'string', pattern: '^[^?]*\\?[^$]*$' } }

/** JSON Schema (draft-07) of `config`. */
export function configSchema(): Node {
  const { $schema: _, title: __, required: ___, ...schema } = jsonSchema(components)
  const service = (schema['properties'] as Record<string, Node>)['service']!
  delete service['required']
  return withoutSecrets(schema) as Node
}

function withoutSecrets(node: unknown, name = ''): unknown {
  if (Array.isArray(node)) return node.map((item) => withoutSecrets(item))
  if (typeof node !== 'object' || node === null) return node
  const schema = node as Node
  if (schema['writeOnly'] === true && schema['type'] !== 'object') return secret(schema, name)
  if (name === 'endpoint') return { ...schema, ...withoutKey }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, withoutSecrets(value, key)]))
}

function secret({ description }: Node, name: string): Node {
  const rule = /^proxy(_url)?$/.test(name) ? proxy : reference
  const told =
    typeof description === 'string' ? { description: `${description} As \${env:NAME} or \${file:/path}.` } : {}
  return { ...told, ...rule }
}
