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
}
