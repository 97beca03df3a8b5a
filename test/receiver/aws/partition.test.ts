import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAws, partitionOf, queuePlace, regionOf, suffixOf } from '../../../src/receiver/aws/partition.ts'

test.each([
  ['us-east-1', 'aws', 'amazonaws.com'],
  ['ap-southeast-7', 'aws', 'amazonaws.com'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['mars-north-1', 'aws', 'amazonaws.com'],
  [undefined, 'aws', 'amazonaws.com'],
] as const)('%s lies in %s', (region, partition, suffix) => {
  expect([partitionOf(region), suffixOf(region)]).toEqual([partition, suffix])
})

test('they are the partitions that the SDK knows', () => {
  const load = createRequire(createRequire(import.meta.url).resolve('@aws-sdk/client-s3'))
  const { partition } = load(join('@aws-sdk/core', 'client')) as { partition: (region: string) => Known }
  for (const region of regions) {
    const known = partition(region)
    expect([region, partitionOf(region), suffixOf(region)]).toEqual([region, known.name, known.dnsSuffix])
    expect(isAws(`https://sqs.${region}.${known.dualStackDnsSuffix}/1/q`), known.dualStackDnsSuffix).toBe(true)
  }
})

interface Known {
  readonly name: string
  readonly dnsSuffix: string
  readonly dualStackDnsSuffix: string
}

const regions = [
  ...[
    'us-east-1',
    'eu-central-2',
    'ap-south-1',
    'sa-east-1',
    'me-central-1',
    'af-south-1',
    'il-central-1',
    'mx-central-1',
  ],
  ...['ca-west-1', 'us-gov-east-1', 'us-gov-west-1', 'cn-north-1', 'cn-northwest-1', 'eusc-de-east-1'],
  ...['us-iso-east-1', 'us-isob-east-1', 'eu-isoe-west-1', 'us-isof-south-1'],
]

test.each([
  ['https://sqs.eu-west-1.amazonaws.com/111122223333/audit', 'eu-west-1'],
  ['https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/audit', 'us-gov-west-1'],
  ['https://sqs.cn-north-1.amazonaws.com.cn/111122223333/audit', 'cn-north-1'],
  ['https://sqs.us-east-1.api.aws/111122223333/audit', 'us-east-1'],
  ['https://eu-west-1.queue.amazonaws.com/111122223333/audit', 'eu-west-1'],
  ['https://vpce-0a1b-2c3d.sqs.eu-west-1.vpce.amazonaws.com/111122223333/audit', 'eu-west-1'],
  ['https://bucket.vpce-0a1b-2c3d.s3.us-east-2.vpce.amazonaws.com', 'us-east-2'],
  ['https://us-west-2.s3.us-east-2.amazonaws.com', 'us-east-2'],
  ['https://s3.amazonaws.com', undefined],
  ['https://amazonaws.com.evil.dev', undefined],
  ['https://notamazonaws.com', undefined],
  ['https://s3.eu-west-1.minio.acme.dev', undefined],
  ['no address', undefined],
])('%s names %s', (url, region) => {
  expect(regionOf(url)).toBe(region)
})

test('a queue is known by its URL', () => {
  expect(queuePlace('https://sqs-fips.us-gov-west-1.amazonaws.com/111122223333/audit')).toEqual({
    partition: 'aws-us-gov',
    region: 'us-gov-west-1',
    account: '111122223333',
    name: 'audit',
    arn: 'arn:aws-us-gov:sqs:us-gov-west-1:111122223333:audit',
  })
  expect(queuePlace('http://127.0.0.1:9324/000000000000/audit')).toBeUndefined()
  expect(queuePlace('https://sqs.eu-west-1.amazonaws.com/audit')).toBeUndefined()
})
