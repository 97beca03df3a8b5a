// As much of IAM as the forwarder's policies use: actions, resources, and two conditions. It decides from the request alone
// what is asked, so that it shares nothing with the program but AWS's own names.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
import type { IncomingMessage } from 'node:http'

export interface Policy {
  readonly Statement: readonly {
    readonly Sid: string
    readonly Action: readonly string[]
    readonly Resource: readonly string[]
    readonly Condition?: Readonly<Record<string, Wanted>>
  }[]
}

/** Values by key: one, or a list of which one is enough. */
type Wanted = Readonly<Record<string, string | readonly string[]>>

/** One request as IAM sees it. */
export interface Ask {
  readonly action: string
  readonly resource: string
  readonly context: Readonly<Record<string, string>>
}

/** What is asked of a bucket (in the host's name) or of a queue, which is given as its ARN. */
export function askOf(request: IncomingMessage, queueArn: string, account: string): Ask {
  const context = { 'aws:ResourceAccount': account }
  const target = request.headers['x-amz-target']
  if (typeof target === 'string') {
    return { action: target.replace('AmazonSQS.', 'sqs:').replace(/Batch$/, ''), resource: queueArn, context }
  }
  const [bucket] = (request.headers.host ?? '').split('.')
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x')
  const resource = `arn:aws:s3:::${bucket}`
  if (searchParams.has('lifecycle')) return { action: 's3:GetLifecycleConfiguration', resource, context }
  if (searchParams.has('notification')) return { action: 's3:GetBucketNotification', resource, context }
  const prefix = searchParams.get('prefix')
  const listing = prefix === null ? context : { ...context, 's3:prefix': prefix }
  if (pathname === '/') return { action: 's3:ListBucket', resource, context: listing }
  return { action: 's3:GetObject', resource: `${resource}${decodeURIComponent(pathname)}`, context }
}

/** The name of the first statement that allows it; undefined: denied. */
export function allowedBy({ Statement }: Policy, { action, resource, context }: Ask): string | undefined {
  return Statement.find(
    ({ Action, Resource, Condition = {} }) =>
      Action.includes(action) &&
      Resource.some((pattern) => isLike(resource, pattern)) &&
      Object.entries(Condition).every(([operator, wanted]) => holds(operator, wanted, context)),
  )?.Sid
}

/** A key that the request does not have holds nothing. */
function holds(operator: string, wanted: Wanted, context: Ask['context']): boolean {
  return Object.entries(wanted).every(([key, values]) => {
    const is = context[key]
    return is !== undefined && [values].flat().some((value) => compared(operator, is, value))
  })
}

function compared(operator: string, is: string, value: string): boolean {
  if (operator === 'StringEquals') return is === value
  if (operator === 'StringLike') return isLike(is, value)
  throw new Error(`no such operator: ${operator}`)
}

function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text)
}
