// Bad stretches in a row, taken together. One bad line costs that line, and is kept by itself; but a binary file has as
// many "lines" as it has bytes 0x0a, and each would take an entry in quarantine until that is full and every destination
// stops. So once an object has had its share of single ones, what follows in a row without an event between is one
// stretch: whole while it is short, and by position, length and hash beyond that. It ends where the next event begins. Its
// bytes are everything the window passes meanwhile, so they are gathered before the window forgets them and not line by
// line.

import type { DecodedItem } from '../../domain/event.ts'
import { BadBytes } from './items.ts'
import type { Pursuit } from './pursuit.ts'
import type { Window } from './window.ts'

/** A stretch that is bad up to a certain place, or to the end of a document. */
export interface Skim {
  readonly bad: BadBytes
  readonly until: 'line' | 'nul' | 'end' | number | Pursuit
  readonly reason: string
}

const many = 'one of many in this object, taken together with those that follow it'

export class Debris {
  readonly #window: Window
  /** How many more are kept one by one. */
  #singles: number
  #held: { readonly bad: BadBytes; readonly reason: string } | undefined
  /** Up to where the open stretch has its bytes. */
  #gathered = 0

  constructor(window: Window, singles: number) {
    this.#window = window
    this.#singles = singles
  }

  /** Whether a stretch is open that what follows may belong to. */
  get isOpen(): boolean {
    return this.#held !== undefined
  }

  /** Where bad bytes that begin at the window's place are collected. */
  get here(): BadBytes {
    return this.#held?.bad ?? new BadBytes(this.#window.at, this.#window.line)
  }

  /** Keeps a stretch that reaches up to the window's place open, if the object has had its share. */
  holds(bad: BadBytes, reason: string): boolean {
    if (this.#held !== undefined) return true
    if (this.#singles > 0) {
      this.#singles -= 1
      return false
    }
    this.#held = { bad, reason: `${reason} (${many})` }
    this.#gathered = this.#window.at
    return true
  }

  /** To be called before the window forgets what it has passed, and before the stretch ends. */
  gather(): void {
    if (this.#held === undefined) return
    this.#held.bad.add(this.#window.view(this.#gathered, this.#window.at))
    this.#gathered = this.#window.at
  }

  /** Ends the open stretch. `from` and `to` are where the item lies. */
  close(from: number, to: number): DecodedItem | undefined {
    this.gather()
    const item = this.#held?.bad.item(from, to, this.#held.reason)
    this.#held = undefined
    return item
  }
}
