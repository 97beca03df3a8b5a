const durationUnits: readonly (readonly [number, string])[] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
]

/** Milliseconds as the configuration spells them: the largest unit that divides them. */
export function durationText(ms: number): string {
  const [size, unit] = durationUnits.find(([size]) => ms >= size && ms % size === 0) ?? [1, 'ms']
  return `${ms / size}${unit}`
}

const sizeUnits: readonly (readonly [number, string])[] = [
  [1024 ** 3, 'GiB'],
  [1024 ** 2, 'MiB'],
  [1024, 'KiB'],
  [1e9, 'GB'],
  [1e6, 'MB'],
  [1e3, 'KB'],
]

/** Bytes as the configuration spells them: the largest unit that divides them. */
export function sizeText(bytes: number): string {
  const [size, unit] = sizeUnits.find(([size]) => bytes >= size && bytes % size === 0) ?? [1, 'B']
  return `${bytes / size}${unit}`
}
