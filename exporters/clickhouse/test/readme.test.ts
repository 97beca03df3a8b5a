import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { layouts, module } from '../src/index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

test.each(layouts)('the statement shown for $name is the one that is printed', (layout) => {
  const ddl = layout.ddl({ database: 'default', table: layout.table }, {})
  expect(readme).toContain(`\`\`\`sql\n${ddl};\n\`\`\``)
})

test('every setting is in the table', () => {
  for (const name of Object.keys(module.schema.shape))
    expect(readme, name).toMatch(new RegExp(`^\\|[^|]*\`${name}\``, 'm'))
})

test('the TTL shown is the one of the statement', () => {
  const [layout] = layouts
  const ddl = layout.ddl({ database: 'default', table: layout.table }, { retentionDays: 1 })
  const ttl = ddl.split('\n').find((line) => line.startsWith('TTL '))
  expect(readme).toContain(`\`${ttl}\``)
})
