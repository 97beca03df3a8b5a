import { expect, test } from 'vitest'
import { doctor } from './cases/doctor.ts'
import { oneOfFour } from './cases/one-of-four.ts'
import { ownRecords } from './cases/own-records.ts'
import { quickStart } from './cases/quick-start.ts'
import { s3Sqs } from './cases/s3-sqs.ts'
import { secrets } from './cases/secrets.ts'
import { statusAndMetrics } from './cases/status-and-metrics.ts'

test.concurrent.each([s3Sqs, oneOfFour, secrets, statusAndMetrics, quickStart, ownRecords, doctor])(
  'end to end: $name',
  async ({ run }) => {
    expect(await run('small')).toBeDefined()
  },
  120_000,
)
