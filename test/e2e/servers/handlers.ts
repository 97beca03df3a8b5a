import { serve } from './channel.ts'
import type { Behaviour, Dialect } from './receiver.ts'
import { Receiver } from './receiver.ts'

/** Runs a receiver of this dialect for the parent process. */
export function serveReceiver(dialect: Dialect): void {
  const receiver = new Receiver(dialect)
  serve({
    open: () => receiver.open(),
    shut: () => receiver.shut(),
    behave: (behaviour: Behaviour) => receiver.behave(behaviour),
    stored: () => receiver.stored,
    own: () => receiver.own,
    requests: () => receiver.requests,
    records: () => receiver.records,
    seen: (id: string) => receiver.seen(id),
  })
}
