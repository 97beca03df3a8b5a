/** Where a route begins, the first time it is seen. */
export type StartAt =
  | { readonly from: 'now' | 'beginning' }
  | { readonly from: 'ago'; readonly ms: number }
  | { readonly from: 'instant'; readonly at: number }

/** The instant in milliseconds since 1970; 0 for the beginning. `now` is the store's clock, which stamps its objects. */
export function startInstant(start: StartAt, now: number): number {
  switch (start.from) {
    case 'beginning':
      return 0
    case 'instant':
      return start.at
    case 'now':
      return now
    case 'ago':
      return now - start.ms
  }
}

/** Whether the instant depends on what time it is. */
export function needsClock(start: StartAt): boolean {
  return start.from === 'now' || start.from === 'ago'
}

/** The same start, where the clock it depends on stood at `since` when it was first asked for. */
export function startedAt(start: StartAt, since: number | undefined): StartAt {
  return since === undefined || !needsClock(start) ? start : { from: 'instant', at: startInstant(start, since) }
}
