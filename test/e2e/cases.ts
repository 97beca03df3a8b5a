import { clickHouse } from './cases/clickhouse.ts'
import { addedLater, removed, renamed } from './cases/come-and-go.ts'
import { deployments } from './cases/deployments.ts'
import { doctor } from './cases/doctor.ts'
import { hole } from './cases/hole.ts'
import { hostile } from './cases/hostile.ts'
import { importing } from './cases/import.ts'
import { killNine } from './cases/kill-nine.ts'
import { offTenDays } from './cases/off-ten-days.ts'
import { oneOfFour } from './cases/one-of-four.ts'
import { outageWeek } from './cases/outage-week.ts'
import { ownRecords } from './cases/own-records.ts'
import { podLoss, podLossEarly, podLossLate } from './cases/pod-loss.ts'
import { quickStart } from './cases/quick-start.ts'
import { s3Sqs } from './cases/s3-sqs.ts'
import { secrets } from './cases/secrets.ts'
import { sigterm } from './cases/sigterm.ts'
import { stalledGigabyte, stalledSidecar } from './cases/stalled-gigabyte.ts'
import { statusAndMetrics } from './cases/status-and-metrics.ts'
import { ownerLost, paused, replicaOnce, rollout, rolloutDeployed } from './cases/three-replicas.ts'
import { twoOfAType } from './cases/two-of-a-type.ts'
import type { Case } from './stage/case.ts'

/** Every end-to-end case, cheap ones first. */
export const cases: readonly Case[] = [
  quickStart,
  ownRecords,
  statusAndMetrics,
  doctor,
  deployments,
  secrets,
  twoOfAType,
  addedLater,
  removed,
  renamed,
  oneOfFour,
  sigterm,
  offTenDays,
  importing,
  hole,
  outageWeek,
  s3Sqs,
  killNine,
  clickHouse,
  hostile,
  podLoss,
  podLossLate,
  podLossEarly,
  rollout,
  rolloutDeployed,
  paused,
  ownerLost,
  replicaOnce,
  stalledSidecar,
  stalledGigabyte,
]
