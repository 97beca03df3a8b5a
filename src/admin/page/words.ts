// Numbers, times and ages as people read them. Pure. Times are in UTC, as CircleCI's keys are.

const UNITS: readonly (readonly [seconds: number, name: string])[] = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
]

/** `2 hours`, `1 minute`, `0 seconds`. */
export function age(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [size, name] = UNITS.find(([least]) => whole >= least) ?? [1, 'second']
  return counted(Math.floor(whole / size), name)
}

/** `1 object`, `1,200 objects`. */
export function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`
}

export function number(value: number): string {
  return value.toLocaleString('en')
}

/** At most four characters: `999`, `1.2k`, `12k`, `3M`. */
export function short(value: number): string {
  if (value < 1_000) return String(Math.round(value))
  const [scaled, unit] = value < 999_500 ? [value / 1_000, 'k'] : [value / 1_000_000, 'M']
  return `${scaled < 9.95 ? scaled.toFixed(1).replace('.0', '') : Math.round(scaled)}${unit}`
}

/** `2026-03-04 14:02 UTC`; a dash for what is not known. */
export function time(stamp: string | null): string {
  return stamp === null ? '–' : `${stamp.slice(0, 10)} ${stamp.slice(11, 16)} UTC`
}

/** `Wed 4 March`. */
export function day(date: string): string {
  const options = { weekday: 'short', day: 'numeric', month: 'long', timeZone: 'UTC' } as const
  return new Date(`${date}T00:00:00Z`).toLocaleDateString('en-GB', options)
}

/** Records per minute, in words; `–` while it is not known. */
export function rate(perMinute: number | undefined): string {
  if (perMinute === undefined) return '–'
  return perMinute > 0 && perMinute < 1 ? 'under 1/min' : `${number(Math.round(perMinute))}/min`
}
