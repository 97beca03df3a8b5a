// The arrays and wrappers that are open around the place being decoded, outermost first.

import type { Pursuit } from './pursuit.ts'

const most = 64

export class Nesting {
  readonly #open: { readonly line: number; readonly wrapper: Pursuit | undefined }[] = []

  get depth(): number {
    return this.#open.length
  }

  /** Whether so many more may be opened. */
  hasRoomFor(more: number): boolean {
    return this.#open.length + more <= most
  }

  /** The innermost one, if it is a wrapper's object. */
  get wrapper(): Pursuit | undefined {
    return this.#open[this.#open.length - 1]?.wrapper
  }

  enter(line: number, wrapper?: Pursuit): void {
    this.#open.push({ line, wrapper })
  }

  leave(): void {
    this.#open.pop()
  }

  /** Leaves those that were opened on this line. */
  tear(line: number): void {
    while (this.#open[this.#open.length - 1]?.line === line) this.#open.pop()
  }
}
