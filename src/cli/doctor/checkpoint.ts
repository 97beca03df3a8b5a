import type { Head } from '../../checkpoint/head.ts'
import type { CheckpointStore } from '../../checkpoint/store.ts'
import type { Config } from '../../config/schema.ts'
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { duration } from '../../telemetry/units.ts'
import { openCheckpoints } from '../checkpoints.ts'
import { bounded } from './bounded.ts'
import type { Component } from './report.ts'

/** What can be said of the checkpoint's store by reading it. Nothing where none is configured. */
export async function examineCheckpoint(config: Config, timeoutMs: number): Promise<readonly Component[]> {
  if (config.service.checkpoint === undefined) return []
  const kind = 'checkpoint'
  let store: CheckpointStore
  try {
    store = await openCheckpoints(config)
  } catch (error) {
    return [{ kind, id: kind, findings: [failedFinding('its store can be opened', error)] }]
  }
  const findings = await bounded(`${store.uri} answers`, timeoutMs, (signal) => looked(store, signal))
  store.close()
  return [{ kind, id: kind, findings }]
}

async function looked(store: CheckpointStore, signal: AbortSignal): Promise<readonly Finding[]> {
  const found = await store.read(signal)
  const copies = (await store.names(signal)).length
  const conditions: Finding = {
    level: 'unknown',
    what: 'the store heeds conditional writes',
    detail: 'that takes a write: every start of the forwarder proves it, and ends where it is not so',
  }
  return [
    { level: 'ok', what: `${store.uri} can be read and listed`, detail: standing(found?.head, copies) },
    conditions,
  ]
}

function standing(head: Head | undefined, copies: number): string {
  if (head === undefined) return 'nobody has owned the sending yet'
  const { owner, epoch, checkpoint, released } = head
  const who = released ? `nobody owns the sending; the last was ${owner.name}` : `owner ${owner.name}`
  const last =
    checkpoint === undefined
      ? 'no copy of the ledger yet'
      : `${copies} copies of the ledger, the latest ${duration(Math.max(0, Date.now() - checkpoint.takenAt))} old`
  return `${who}, epoch ${epoch}; ${last}`
}
