// Times and durations as the status document writes them: RFC 3339, seconds, and null for what is not known.

export function stamp(time: number): string {
  return new Date(time).toISOString()
}

export function stampOf(time: number | undefined): string | null {
  return time === undefined ? null : stamp(time)
}

export function seconds(ms: number): number {
  return Math.round(ms / 1000)
}
