// S3 and SQS in a process of their own. Their clock can be set apart from the machine's, so that the listing's Date
// header and the objects' last-modified tell of another day.
import { ServerResponse } from 'node:http'
import { shiftClock } from '../stage/clock-shift.ts'
import { serve } from './channel.ts'

const shift = shiftClock()
stampAnswers()
const { startFauxqs } = await import('fauxqs')
const server = await startFauxqs({ port: 0, logger: false })

serve({
  address: () => server.address,
  createBucket: (name: string) => server.createBucket(name),
  createQueue: (name: string) => server.createQueue(name).queueUrl,
  send: ({ queue, bodies }: { queue: string; bodies: readonly string[] }) => {
    for (const body of bodies) server.sendMessage(queue, body)
  },
  waiting: (queue: string) => {
    const messages = server.inspectQueue(queue)?.messages
    return (messages?.ready.length ?? 0) + (messages?.delayed.length ?? 0) + (messages?.inflight.length ?? 0)
  },
  /** Messages sent before this instant are gone, as when their retention is over. */
  recreateQueue: (name: string) => {
    server.deleteQueue(name)
    return server.createQueue(name).queueUrl
  },
  setClock: (ms: number) => shift.set(ms),
})

/** Node writes the Date header by a clock of its own, which no replaced Date reaches. */
function stampAnswers(): void {
  const writeHead = ServerResponse.prototype.writeHead
  ServerResponse.prototype.writeHead = function (this: ServerResponse, ...given: never[]): ServerResponse {
    this.setHeader('date', new Date().toUTCString())
    return Reflect.apply(writeHead, this, given) as ServerResponse
  }
}
