// Pods that are lost, rolled out and stopped, as processes: see cases/pod-loss.ts and cases/three-replicas.ts.
import { expect, test } from 'vitest'
import { podLoss, podLossEarly, podLossLate } from './cases/pod-loss.ts'
import { ownerLost, paused, replicaOnce, rollout } from './cases/three-replicas.ts'

test.each([podLoss, podLossLate, podLossEarly, rollout, paused, ownerLost, replicaOnce])(
  '$name',
  async ({ run }) => {
    const figures = await run('small')
    expect(figures['missing']).toBe(0)
  },
  240_000,
)
