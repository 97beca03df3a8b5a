import type { CheckpointStore } from '../checkpoint/store.ts'
import type { Config } from '../config/schema.ts'
import { systemClock } from './clock.ts'

/** The store of `service.checkpoint`, which is there. Sends nothing. */
export async function openCheckpoints({ service }: Config): Promise<CheckpointStore> {
  if (service.checkpoint === undefined) throw new Error('there is no service.checkpoint')
  const { openS3Checkpoints } = await import('../checkpoint/s3.ts')
  return openS3Checkpoints(service.checkpoint.s3, { clock: systemClock })
}
