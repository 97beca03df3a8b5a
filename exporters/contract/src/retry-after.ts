const longestMs = 15 * 60 * 1000

/** Retry-After as milliseconds from `now`: seconds or an HTTP date (RFC 9110, 10.2.3). At most 15 minutes, never negative. */
export function retryAfter(header: string | readonly string[] | undefined, now: number): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim()
  if (text === undefined || text === '') return undefined
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : httpDate(text) - now
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), longestMs)
}

/** Date.parse alone takes nearly anything for a date: `-5` is one in May. All three forms of HTTP begin with a day's name. */
function httpDate(text: string): number {
  return /^(mon|tue|wed|thu|fri|sat|sun)/i.test(text) ? Date.parse(text) : Number.NaN
}
