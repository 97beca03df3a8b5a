import { expect, test } from 'vitest'
import { notPrinted } from './shown.ts'

const block = `INFO: 112 objects, 44 KiB
ERROR: year=2026/8015…: 1 line cannot be read
       (torn); kept
2026-11-09T02:00:02.291Z  info
…
file  424 delivered; complete up to 2026-11-21T02:27:10.970Z
`
const printed = [
  '\u001b[36m[2026-12-01 10:00:00] INFO: 112 objects, 1,008 KiB\u001b[39m',
  '[2026-12-01 10:00:00] ERROR: year=2026/8015abc: 1 line cannot be read (torn); kept',
  'something that is not shown',
  '2026-11-09T02:00:02.291Z  info',
  'file  424 delivered; complete up to 2026-12-01T10:00:00Z',
]
const without = (part: string, other: string) =>
  notPrinted(block, printed.map((line) => line.replace(part, other)).join('\r\n'))

test('a page may shorten, and leave out when and where', () => expect(without('', '')).toEqual([]))

test.each([
  ['a count', '424', '423'],
  ['a word', 'kept', 'dropped'],
  ['the time of an event', '02:00:02.291Z', '02:00:02.292Z'],
  ['what follows', '02.291Z  info', '02.291Z  info, and more'],
  ['the beginning of a key', '8015abc', '9015abc'],
  ['a time that is none', '2026-12-01T10:00:00Z', 'nowhere yet'],
])('another thing is seen: %s', (_, part, other) => expect(without(part, other)).toHaveLength(1))
