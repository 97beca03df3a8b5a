// Quantiles of a stream in bounded memory: counts in buckets that grow by 5 %, so a quantile is right to 5 % however
// many values there were. A sorted array was rejected: a week of a busy organisation is millions of events.

export interface Quantiles {
  readonly count: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly min: number
  readonly max: number
}

const growth = Math.log(1.05)

export class Spread {
  readonly #buckets = new Map<number, number>()
  #count = 0
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY

  add(value: number): void {
    const bucket = Math.sign(value) * Math.ceil(Math.log1p(Math.abs(value)) / growth)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
    this.#count += 1
    this.#min = Math.min(this.#min, value)
    this.#max = Math.max(this.#max, value)
  }

  /** Undefined when nothing was added. */
  quantiles(): Quantiles | undefined {
    if (this.#count === 0) return undefined
    const sorted = [...this.#buckets].sort(([a], [b]) => a - b)
    const at = (share: number) => this.#within(middle(bucketAt(sorted, share * this.#count)))
    return { count: this.#count, p50: at(0.5), p90: at(0.9), p99: at(0.99), min: this.#min, max: this.#max }
  }

  #within(value: number): number {
    return Math.min(this.#max, Math.max(this.#min, value))
  }
}

function bucketAt(sorted: readonly (readonly [number, number])[], rank: number): number {
  let seen = 0
  for (const [bucket, count] of sorted) {
    seen += count
    if (seen >= rank) return bucket
  }
  return sorted.at(-1)?.[0] ?? 0
}

function middle(bucket: number): number {
  return Math.round(Math.sign(bucket) * Math.expm1(Math.abs(bucket) * growth))
}
