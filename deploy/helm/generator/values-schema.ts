// values.schema.json: what `helm install` accepts.
import { z } from 'zod'
import { configSchema, type Node } from './config-schema.ts'
import { type Described, described } from './descriptions.ts'
import { ownValues } from './values.ts'

/** The file's text. */
export function valuesSchemaText(): string {
  return `${JSON.stringify(valuesSchema(), null, 2)}\n`
}

/** The schema (draft-07) of the chart's values. Every value may be left out: the chart has a default for it. */
function valuesSchema(): Node {
  const own = z.toJSONSchema(ownValues, { target: 'draft-07', override: optional }) as {
    properties: Record<string, Node>
  }
  const properties = { config: configSchema(), ...own.properties, global: { type: 'object' } }
  for (const { path, description } of described()) describe(properties, path, description)
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Values of the chart circleci-audit-forwarder',
    type: 'object',
    additionalProperties: false,
    properties,
  }
}

function optional({ jsonSchema }: { jsonSchema: Node }): void {
  delete jsonSchema['required']
}

function describe(properties: Record<string, Node>, path: Described['path'], description: string): void {
  const [first = '', ...rest] = path.split('.')
  const node = properties[first]
  if (node === undefined) throw new Error(`values.yaml describes ${path}, which the schema does not have`)
  if (rest.length === 0) node['description'] = description
  else describe(node['properties'] as Record<string, Node>, rest.join('.'), description)
}
