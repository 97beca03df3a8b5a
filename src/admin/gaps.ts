import { type Gap, gapState } from '../domain/gaps.ts'
import { stamp } from './stamps.ts'

/** So many gaps that are over are shown beside the open ones: the latest. */
export const LATELY = 10

/** A gap as `status`, the admin API and the page show it. */
export interface GapStatus {
  readonly id: string
  readonly kind: string
  /** What it is about: a receiver, a destination, an object. */
  readonly subject: string
  readonly severity: 'warning' | 'critical'
  readonly state: 'open' | 'acknowledged' | 'healed'
  readonly from: string
  /** Null while it lasts. */
  readonly to: string | null
  readonly openedAt: string
  /** What was seen, in a sentence. */
  readonly evidence: string
  /** What to do about it. */
  readonly next: string
  /** What was said when it was acknowledged. */
  readonly note: string | null
  /** Who acknowledged it. */
  readonly by: string | null
  /** How it ended; null while it has not. */
  readonly closedAt: string | null
  readonly closedBecause: string | null
}

/** As they are shown: what nobody answers for first, the worst of it before the rest, then the newest. */
export function gapStatuses(gaps: readonly Gap[]): readonly GapStatus[] {
  return [...gaps].sort((a, b) => rank(a) - rank(b) || b.openedAt - a.openedAt).map(gapStatus)
}

function rank(gap: Gap): number {
  if (gap.closed !== undefined) return 3
  if (gapState(gap) === 'acknowledged') return 2
  return gap.severity === 'critical' ? 0 : 1
}

export function gapStatus(gap: Gap): GapStatus {
  const { id, kind, subject, severity, from, to, openedAt, evidence, next, acknowledged, closed } = gap
  return {
    id,
    kind,
    subject,
    severity,
    state: gapState(gap),
    from: stamp(from),
    to: to === undefined ? null : stamp(to),
    openedAt: stamp(openedAt),
    evidence,
    next,
    note: acknowledged?.note ?? null,
    by: acknowledged?.by ?? null,
    closedAt: closed === undefined ? null : stamp(closed.at),
    closedBecause: closed?.why ?? null,
  }
}
