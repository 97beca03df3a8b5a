// What the program is shown to print is what it prints.
import { expect, test } from 'vitest'
import { type Block, blocksIn, nameOf } from './blocks.ts'
import { isPartOf, type Output, outputs } from './outputs.ts'

const all = blocksIn().filter(({ language }) => language === '')

function blockOf({ page, begins }: Output): Block {
  const found = all.filter((block) => block.page === page && block.text.startsWith(begins))
  if (found.length !== 1) throw new Error(`${page} has ${found.length} blocks that begin with ${begins}`)
  return found[0] as Block
}

test.each(outputs.map((output) => [nameOf(blockOf(output)), output] as const))('%s is what is printed', (_, output) => {
  const { text } = blockOf(output)
  const printed = output.print()
  // The comparison that tells most where they differ.
  if (!isPartOf(text, printed)) expect(text.trimEnd()).toBe(printed)
})

test('what differs is seen', () => {
  expect(isPartOf('a\n… c', 'x\na\nb c\ny')).toBe(true)
  for (const printed of ['a\nb c d', 'a\n\nb c', 'aa\nb c', 'a']) expect(isPartOf('a\n… c', printed)).toBe(false)
})
