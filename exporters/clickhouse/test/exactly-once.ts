// Rounds of trouble: a server whose connections are cut after the commit, and that is killed while it inserts. What is
// sent is sent as the forwarder does: the same batch under the same token until an answer comes, the table asked first.
import type { Batch, Exporter } from '@circleci-audit-forwarder/contract'
import type { Layout } from '../src/index.ts'
import type { ClickHouse } from './engine/front.ts'
import { batchOf, countOf, exporterTo, never, recordsFrom } from './world.ts'

export interface Rounds {
  readonly count: number
  /** Rows per round. */
  readonly rows: number
  /** From 0 to 1, as Math.random gives it: when in a round the server is killed. */
  readonly random: () => number
}

export interface Told {
  readonly sent: number
  readonly stored: number
  /** Rounds in which the batch had been stored although no answer came. */
  readonly lostAnswers: number
}

/** Half of the rounds cut the connection, half kill the server. The table must exist and be empty. */
export async function rounds(server: ClickHouse, layout: Layout, { count, rows, random }: Rounds): Promise<Told> {
  let lostAnswers = 0
  for (let round = 0; round < count; round++) {
    const exporter = exporterTo(server, layout)
    const records = recordsFrom(round * rows, rows)
    const batch = batchOf(records.map((record) => exporter.encode(record)))
    if (round % 2 === 0) await server.fault({ kind: 'cut', when: 'after commit', on: 'insert' })
    const sending = exporter.send(batch, never)
    if (round % 2 === 1) await killedAfter(server, 2 + random() * 40)
    const first = await sending
    if ((await countOf(server, layout.table)) === (round + 1) * rows && first.status !== 'delivered') lostAnswers++
    if (first.status !== 'delivered') await insist(exporter, batch)
    await exporter.close()
  }
  return { sent: count * rows, stored: await countOf(server, layout.table), lostAnswers }
}

async function killedAfter(server: ClickHouse, ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
  await server.kill()
  await server.restart()
}

/** As a lane does with a batch whose answer was lost. */
async function insist(exporter: Exporter, batch: Batch): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++) {
    const there = await exporter.stored?.(batch, never)
    if (Array.isArray(there) && there.length === batch.members.length) return
    const outcome = await exporter.send(batch, never)
    if (outcome.status === 'delivered') return
    if (outcome.status !== 'retry') throw new Error(JSON.stringify(outcome))
  }
  throw new Error('never delivered')
}
