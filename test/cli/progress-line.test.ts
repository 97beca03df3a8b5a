import { expect, test } from 'vitest'
import { ProgressLine } from '../../src/cli/progress-line.ts'

/** Erases the line and goes back to where it began. */
const erase = '\r\x1b[2K'

/** A stream, a terminal where it says so, and what was written to it. */
function stream(terminal: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = []
  return { written, line: new ProgressLine({ ...terminal, write: (text) => written.push(text) }) }
}

test('on a terminal each line is written over the one before, and is taken away once', () => {
  const { written, line } = stream({ isTTY: true, columns: 80 })
  line.show('10 of 40 rows read')
  line.show('20 of 40 rows read')
  expect(written.splice(0)).toEqual([`${erase}10 of 40 rows read`, `${erase}20 of 40 rows read`])
  line.clear()
  line.clear()
  expect(written.splice(0)).toEqual([erase])
  line.show('40 of 40 rows read')
  line.clear()
  expect(written).toEqual([`${erase}40 of 40 rows read`, erase])
})

test('a line is cut to the width of the terminal, so that it never wraps and can be written over', () => {
  const { written, line } = stream({ isTTY: true, columns: 40 })
  line.show('x'.repeat(100))
  expect(written).toEqual([erase + 'x'.repeat(39)])
})

test.each([{ columns: 0 }, {}])('a terminal that does not know its width still shows something: %j', (width) => {
  const { written, line } = stream({ isTTY: true, ...width })
  line.show('x'.repeat(100))
  expect(written).toEqual([erase + 'x'.repeat(20)])
})

test.each([{}, { isTTY: false }])('nothing at all is written to a pipe or a file: %j', (piped) => {
  const { written, line } = stream(piped)
  line.show('10 of 40 rows read')
  line.clear()
  expect(written).toEqual([])
})

test('nothing is taken away where nothing was shown', () => {
  const { written, line } = stream({ isTTY: true, columns: 80 })
  line.clear()
  expect(written).toEqual([])
})
