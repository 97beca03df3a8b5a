// What docs/processors.md shows redaction to do is what it does: the settings, the event and the outcome are the page's.
import { ORIGINAL } from '@circleci-audit-forwarder/contract'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { module } from '../../src/processors/redact.ts'
import { recordOf, transformerOf } from '../processors/records.ts'
import { textOf } from './checkout.ts'

const page = textOf('docs/processors.md')
const section = page.slice(page.indexOf('## `redact`'), page.indexOf('## `attributes`'))

/** The block of this language and name. */
function block(name: string): string {
  const found = new RegExp(`\`\`\`${name}\\n([\\s\\S]*?)\`\`\``).exec(section)?.[1]
  if (found === undefined) throw new Error(`the page has no block ${name}`)
  return found
}

test('the redacted event on the page is what its settings make of the event before it', () => {
  const { redact } = (parse(block('yaml')) as { processors: { redact: object } }).processors
  const redaction = transformerOf(module, { ...redact, key: 'an example of a key' })
  const record = redaction.transform(recordOf(block('json before')))
  expect(record[ORIGINAL]).toBe(block('json after'))
  expect(`${String(record.body)}\n`).toBe(block('text body'))
})
