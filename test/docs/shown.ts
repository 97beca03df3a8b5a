// What a page shows of a program's output, against what the program printed. A page may shorten: a line `…` stands for any
// lines, `…` inside a line for any text, and lines that are shown need not stand next to each other. What is volatile (when
// it ran, where, how long paths are) is matched by its shape; everything else to the letter.

/** Times at which something was looked at, sizes and ages. Times of events are not volatile. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/(complete up to )\d{4}-\d\d-\d\dT[\d:.]+Z/g, '$1TIME'],
  [/\b[\d,.]+ (?:B|KiB|MiB|GiB)\b/g, 'SIZE'],
  [/…/g, 'ANYTHING'],
]

const meant: Readonly<Record<string, string>> = {
  TIME: String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`,
  SIZE: String.raw`[\d,.]+ (?:B|KiB|MiB|GiB)`,
  ANYTHING: '.*',
}

/** The lines of a block; one that is indented goes on with the line before. */
export function shownLines(block: string): readonly string[] {
  return block
    .replaceAll(/\n {4,}/g, ' ')
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '' && line !== '…')
}

/** What a line of output must be to be the one that is shown. */
export function patternOf(shown: string): RegExp {
  const marked = shapes.reduce((text, [volatile, mark]) => text.replaceAll(volatile, mark), shown)
  const quoted = marked.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${quoted.replaceAll(/TIME|SIZE|ANYTHING/g, (mark) => meant[mark] ?? mark)}$`)
}

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[\\d;?]*[A-Za-z]`, 'g')

/** What a terminal shows of it at the end: no colours, nothing that was written over, and no time of day before log lines. */
export function printedLines(output: string): readonly string[] {
  return output
    .replaceAll(escapes, '')
    .split(/[\r\n]+/)
    .map((line) => line.replace(/^.*?\[\d{4}-\d\d-\d\d [\d:]+\] /, '').trimEnd())
}

/** Lines that are shown and were not printed. */
export function notPrinted(block: string, output: string): readonly string[] {
  const printed = printedLines(output)
  return shownLines(block).filter((line) => !printed.some((one) => patternOf(line).test(one)))
}
