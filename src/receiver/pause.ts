const FIRST_S = 5
const MAX_S = 300

/**
 * How long a message given back stays away, in seconds: 5, 10, 20 … 300, by how often it has been received. With no pause
 * it would return at once, and an outage of a minute would use up whatever a queue allows.
 */
export function pauseSeconds(receives: number): number {
  return Math.min(MAX_S, FIRST_S * 2 ** Math.min(receives - 1, 10))
}
