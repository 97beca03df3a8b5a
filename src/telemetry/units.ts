// Numbers as an operator reads them. Machines get the plain numbers beside them.

const durations: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
]

/** Made once: `toLocaleString` makes one for every number, and each batch says a few. */
const grouped = new Intl.NumberFormat('en-US')

/** `950 ms`, `12 s`, `3 min`, `5 h`, `2.5 d`: one unit, rounded to what matters. */
export function duration(ms: number): string {
  if (ms < 0) return `-${duration(-ms)}`
  for (const [size, unit] of durations) {
    if (ms >= size) return `${rounded(ms / size)} ${unit}`
  }
  return `${Math.round(ms)} ms`
}

/** `17 B`, `4.2 KiB`, `1.5 GiB`. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let size = count
  let unit = 0
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit += 1
  }
  return `${unit === 0 ? size : rounded(size)} ${units[unit]}`
}

/** `1 record`, `2 records`; `1 copy`, `2 copies` with the plural given. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped.format(number)} ${number === 1 ? noun : plural}`
}

/** Without line breaks and escape sequences: what a server answered or a key spells must not write lines of its own. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

function rounded(value: number): string {
  return (value < 10 ? value.toFixed(1) : value.toFixed(0)).replace(/\.0$/, '')
}
