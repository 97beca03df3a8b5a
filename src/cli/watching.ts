import type { Config } from '../config/schema.ts'
import { eventMatcher, matchText } from '../domain/regular-event.ts'
import type { StreamRules, WatchRules } from '../pipeline/parts.ts'

/** What the watch goes by, as configured. */
export function watchRules({ receivers, service }: Config): WatchRules {
  const streams = Object.entries(receivers).map(([id, receiver]) => [id, streamRules(receiver)] as const)
  return { streams: new Map(streams), allowedLagMs: service.gaps.allowed_lag }
}

function streamRules({ silence, quiet, expect, retention }: Config['receivers'][string]): StreamRules {
  return {
    floorMs: silence.floor,
    ceilingMs: silence.ceiling,
    quiet,
    expect: expect.map(({ match, every, grace }) => {
      return { name: matchText(match), matches: eventMatcher(match), everyMs: every, graceMs: grace }
    }),
    retentionMs: retention,
  }
}
