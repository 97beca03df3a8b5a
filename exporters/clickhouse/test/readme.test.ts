import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { layouts, module } from '../src/index.ts'
import { grant } from '../src/lookup.ts'

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

test('the rights shown are those that inserting and asking take', () => {
  const [layout] = layouts
  const target = { database: 'security', table: layout.table }
  const shown = /```sql\n(GRANT [\s\S]*?)```/.exec(readme)?.[1]?.replaceAll('`', '')
  const asked = grant(layout, target, 'forwarder').replaceAll('`', '')
  expect(shown).toBe(`GRANT INSERT ON security.${layout.table} TO forwarder;\n${asked};\n`)
})
