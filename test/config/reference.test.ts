import { expect, test } from 'vitest'
import { valuesSchemaText } from '../../deploy/helm/generator/values-schema.ts'
import { components } from '../../src/cli/components.ts'
import { jsonSchema } from '../../src/config/json-schema.ts'
import { reference } from '../../src/config/reference.ts'
import { components as stable } from './components.ts'

test('docs/configuration.md is what the schema says (`vitest run test/config/reference.test.ts --update` writes it)', async () => {
  const page = new URL('../../docs/configuration.md', import.meta.url).pathname
  await expect(reference(components)).toMatchFileSnapshot(page)
})

test("the chart's values.schema.json is what the schema says (the same command writes it)", async () => {
  const path = '../../deploy/helm/circleci-audit-forwarder/values.schema.json'
  await expect(valuesSchemaText()).toMatchFileSnapshot(new URL(path, import.meta.url).pathname)
})

test('every setting of the real components is described', () => {
  const undescribed = reference(components)
    .split('\n')
    .filter((line) => line.startsWith('| `') && line.endsWith('|  |'))
  expect(undescribed).toEqual([])
})

interface Node {
  readonly properties: Record<string, Node>
  readonly patternProperties: Record<string, Node>
  readonly required?: readonly string[]
  readonly writeOnly?: boolean
  readonly anyOf?: readonly unknown[]
}

test('the JSON Schema finds components by their type, asks for what is required and marks secrets', () => {
  const schema = jsonSchema(stable) as unknown as Node
  expect(schema.required).toEqual(['receivers', 'exporters', 'service'])
  const exporters = schema.properties['exporters']!.patternProperties
  expect(Object.keys(exporters)).toEqual(stable.exporters.map(({ type }) => `^${type}(/[^/\\s]+)?$`))
  const splunk = Object.entries(exporters).find(([pattern]) => new RegExp(pattern).test('splunk_hec/soc'))![1]
  expect(splunk.required).toEqual(['endpoint', 'token'])
  expect(splunk.properties['token']).toMatchObject({ writeOnly: true, description: 'HEC token.' })
  expect(splunk.properties['endpoint']!.writeOnly).toBeUndefined()
  expect(splunk.properties['batch']!.properties['max_records']!.anyOf).toContainEqual({
    type: 'string',
    pattern: '\\$\\{.+\\}',
  })
})
