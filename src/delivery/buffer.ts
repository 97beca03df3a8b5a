/** How much encoded data a lane holds in memory, against what it may. */
export class Buffer {
  readonly capacity: number
  #held = 0

  constructor(capacity: number) {
    this.capacity = capacity
  }

  get held(): number {
    return this.#held
  }

  get roomy(): boolean {
    return this.#held < this.capacity
  }

  take(bytes: number): void {
    this.#held += bytes
  }

  free(bytes: number): void {
    this.#held -= bytes
  }
}
