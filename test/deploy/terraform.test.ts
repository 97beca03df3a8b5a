// The Terraform module for AWS. Its policies are made by a module without a provider, so the real terraform evaluates them
// here, offline, and they are held against `policy aws` and against what CircleCI documents. What needs the AWS provider
// is in terraform-provider.slow.test.ts.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AwsSource, policiesFor } from '../../src/receiver/aws/policy.ts'

const module = join(import.meta.dirname, '../../deploy/terraform/aws')
const installed = spawnSync('terraform', ['version']).error === undefined
const folder = mkdtempSync(join(tmpdir(), 'terraform-'))
const quiet = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }

afterAll(() => rmSync(folder, { recursive: true }))

function terraform(cwd: string, ...args: readonly string[]): string {
  return execFileSync('terraform', args, { cwd, env: quiet, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const organization = '11112222-3333-4444-5555-666677778888'
const provider = `arn:aws:iam::111122223333:oidc-provider/oidc.circleci.com/org/${organization}`
const queue = 'arn:aws:sqs:eu-west-1:111122223333:circleci-audit'
const key = (number: number, region = 'eu-west-1', partition = 'aws'): string =>
  `arn:${partition}:kms:${region}:111122223333:key/00000000-0000-0000-0000-00000000000${number}`

const ours = {
  partition: 'aws',
  dns_suffix: 'amazonaws.com',
  region: 'eu-west-1',
  account: '111122223333',
  bucket: 'acme-circleci-audit',
  bucket_owner: '111122223333',
  prefix: 'audit-logs',
}
type Variables = Partial<Record<string, unknown>>

describe.skipIf(!installed)('the Terraform module (skipped where terraform is not installed)', () => {
  const policies = join(folder, 'policies')

  beforeAll(() => {
    cpSync(join(module, 'policies'), policies, { recursive: true })
    terraform(policies, 'init', '-backend=false', '-no-color')
  })

  test('is formatted', () => {
    expect(terraform(module, 'fmt', '-check', '-recursive', '-diff')).toBe('')
  })

  /** Every policy, as terraform makes it from these variables. */
  function evaluated(variables: Variables): Record<string, unknown> {
    writeFileSync(join(policies, 'terraform.tfvars.json'), JSON.stringify({ ...ours, ...variables }))
    rmSync(join(policies, 'terraform.tfstate'), { force: true })
    const lines = terraform(policies, 'apply', '-auto-approve', '-json').trimEnd().split('\n')
    const told = lines.map(
      (line) => JSON.parse(line) as { type: string; outputs: Record<string, { value: string | null }> },
    )
    const { outputs } = told.findLast(({ type }) => type === 'outputs')!
    return Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value && JSON.parse(value)]))
  }

  describe("the reader's policy is what `policy aws` prints", () => {
    const store = { bucket: ours.bucket, expected_bucket_owner: ours.account }
    const gov = { partition: 'aws-us-gov', region: 'us-gov-west-1' }
    const china = { partition: 'aws-cn', region: 'cn-north-1', dns_suffix: 'amazonaws.com.cn' }
    const urlOf = (region: string, suffix: string): string =>
      `https://sqs.${region}.${suffix}/111122223333/circleci-audit`

    test.each<[string, Variables, Partial<AwsSource>, boolean?]>([
      ['with a prefix', {}, { store: { ...store, region: 'eu-west-1', prefix: 'audit-logs' } }],
      [
        'with files to be imported',
        { imports_prefix: 'csv/' },
        { store: { ...store, region: 'eu-west-1', prefix: 'audit-logs' }, imports: 'csv' },
      ],
      ['without a prefix', { prefix: '' }, { store: { ...store, region: 'eu-west-1' } }],
      [
        'with a queue and keys',
        { queue_arn: queue, queue_key_arn: key(2), bucket_key_arn: key(1), announce: 'bucket' },
        {
          store: { ...store, region: 'eu-west-1', prefix: 'audit-logs' },
          queues: [{ queue_url: urlOf('eu-west-1', 'amazonaws.com') }],
          bucketKeys: [key(1)],
          queueKeys: [key(2)],
        },
      ],
      [
        'without what doctor alone asks',
        { queue_arn: queue, doctor: false, announce: 'bucket' },
        {
          store: { ...store, region: 'eu-west-1', prefix: 'audit-logs' },
          queues: [{ queue_url: urlOf('eu-west-1', 'amazonaws.com') }],
        },
        false,
      ],
      [
        'in GovCloud',
        {
          ...gov,
          queue_arn: 'arn:aws-us-gov:sqs:us-gov-west-1:111122223333:circleci-audit',
          bucket_key_arn: key(1, gov.region, gov.partition),
          announce: 'bucket',
        },
        {
          store: { ...store, region: gov.region, prefix: 'audit-logs' },
          queues: [{ queue_url: urlOf(gov.region, 'amazonaws.com') }],
          bucketKeys: [key(1, gov.region, gov.partition)],
        },
      ],
      [
        'in China',
        {
          ...china,
          queue_arn: 'arn:aws-cn:sqs:cn-north-1:111122223333:circleci-audit',
          queue_key_arn: key(2, china.region, china.partition),
          announce: 'bucket',
        },
        {
          store: { ...store, region: china.region, prefix: 'audit-logs' },
          queues: [{ queue_url: urlOf(china.region, china.dns_suffix) }],
          queueKeys: [key(2, china.region, china.partition)],
        },
      ],
    ])('%s', (_, variables, source, doctor = true) => {
      const whole = { id: 'circleci_audit', store, queues: [], bucketKeys: [], queueKeys: [], ...source }
      const { policies: printed, remarks } = policiesFor([whole], { region: undefined, doctor })
      expect(remarks).toEqual([])
      expect(printed).toHaveLength(1)
      expect(evaluated(variables)['reader']).toEqual(printed[0]?.policy)
    })
  })

  describe('CircleCI', () => {
    const written = (more: Variables = {}) =>
      evaluated({ circleci_organization_id: organization, circleci_provider_arn: provider, ...more })

    test('is known by audience and subject of the stream, as its documentation says', () => {
      expect(written()['circleci_trust']).toEqual({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'CircleCIStreamingAuditLogs',
            Effect: 'Allow',
            Principal: { Federated: provider },
            Action: 'sts:AssumeRoleWithWebIdentity',
            Condition: {
              StringEquals: {
                [`oidc.circleci.com/org/${organization}:aud`]: organization,
                [`oidc.circleci.com/org/${organization}:sub`]: `org/${organization}/file-streaming/audit-logs`,
              },
            },
          },
        ],
      })
    })

    test('may put objects into the bucket and do nothing else', () => {
      expect(written()['circleci']).toMatchObject({
        Statement: [{ Action: ['s3:PutObject'], Resource: ['arn:aws:s3:::acme-circleci-audit/*'] }],
      })
    })

    test('may have data keys made where the bucket is encrypted with a key of its own', () => {
      const { Statement } = written({ bucket_key_arn: key(1) })['circleci'] as { Statement: unknown[] }
      expect(Statement).toHaveLength(2)
      expect(Statement[1]).toMatchObject({ Action: ['kms:GenerateDataKey'], Resource: [key(1)] })
    })
  })

  test.each([
    ['bucket', {}],
    ['elsewhere', {}],
    ['topic', { topic_arn: 'arn:aws:sns:eu-west-1:444455556666:uploads' }],
    ['eventbridge', { rule_arn: 'arn:aws:events:eu-west-1:111122223333:rule/circleci-audit' }],
  ])('who may send to the queue, and use its key: %s', async (announce, more) => {
    const made = evaluated({ announce, queue_arn: queue, queue_key_arn: key(2), ...more })
    const shown = { queue: made['queue'], key: made['queue_key'] }
    await expect(`${JSON.stringify(shown, null, 2)}\n`).toMatchFileSnapshot(`terraform/${announce}.txt`)
  })

  test('who may become the reader', async () => {
    const made = evaluated({
      irsa: {
        oidc_provider_arn: 'arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0A1B',
        namespace: 'audit',
        service_account: 'forwarder',
      },
      pod_identity: { namespace: 'audit', service_account: 'forwarder' },
      trusted_arns: ['arn:aws:iam::444455556666:role/forwarder'],
      external_id: 'acme',
    })
    const shown = `${JSON.stringify(made['reader_trust'], null, 2)}\n`
    await expect(shown).toMatchFileSnapshot('terraform/reader-trust.txt')
  })
})
