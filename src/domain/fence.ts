/** Whether this process may act for the outside, which another one may do in its place. */
export interface Fence {
  /** Whether something may be begun this very moment; asked right before it is. Once false, false for ever. */
  holds(): boolean
  /** Aborts when what was begun must end. */
  readonly over: AbortSignal
}
