// What can be said of the streams, for whoever shows it: of each hour what it ordinarily brings and whether its loss would
// have been told, and how short a silence would be. The watch keeps it up to date; a command beside a running forwarder, or
// without one, makes its own from the ledger. It writes nothing.
import type { Ledger } from '../ledger/ledger.ts'
import type { Tell } from '../telemetry/events.ts'
import { Expected } from './expected.ts'
import type { StreamExpectations } from './settings.ts'
import { type HourSaid, Stream } from './stream.ts'

export interface ViewParts {
  readonly ledger: Ledger
  readonly streams: readonly StreamExpectations[]
  readonly tell: Tell
}

export class View {
  readonly streams: ReadonlyMap<string, Stream>
  readonly expected: ReadonlyMap<string, Expected>

  constructor({ ledger, streams, tell }: ViewParts) {
    this.streams = new Map(streams.map((settings) => [settings.receiver, new Stream({ ledger, tell, settings })]))
    this.expected = new Map(streams.map((settings) => [settings.receiver, new Expected(ledger.watch, settings)]))
  }

  /** Brings it up to what the ledger knows now. Nothing else asks the ledger. */
  see(): void {
    for (const stream of this.streams.values()) stream.see()
  }

  /** What an hour (milliseconds since 1970) of a receiver ordinarily brings, and what can be said of it. */
  hour(receiver: string, hour: number): HourSaid {
    const said = this.streams.get(receiver)?.hour(hour) ?? { state: 'unprovable', expected: undefined }
    const isCanary = said.state === 'unprovable' && this.expected.get(receiver)?.cameIn(hour) === true
    return isCanary ? { ...said, state: 'proven' } : said
  }

  /**
   * The shortest silence that is told, in minutes, by hour of the week from Monday, 00:00 UTC; undefined where a day of
   * silence proves nothing. Empty while the rhythm is not known.
   */
  floors(receiver: string): readonly (number | undefined)[] {
    return this.streams.get(receiver)?.floors ?? []
  }
}
