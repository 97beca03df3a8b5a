// An SQS queue. Messages that could not be committed go back with a pause that doubles with every receive, from 5 s to
// 5 minutes: with the usual visibility 0 they would return at once, and a ledger that cannot be written for a minute
// would move them all to the dead-letter queue by maxReceiveCount. Nothing is lost when that happens all the same, because
// the sweep lists what was announced; but an operator would be woken for nothing. No heartbeat extends the visibility:
// a message is held for one commit, never for a delivery.

import type { SQS, Message as SqsMessage } from '@aws-sdk/client-sqs'
import { SourceFailure } from '../../domain/failures.ts'
import type { Finding } from '../../domain/finding.ts'
import { type AwsSeams, type AwsSettings, awsConnection } from '../aws/connection.ts'
import { counting } from '../aws/counting.ts'
import { isAws, regionOf } from '../aws/partition.ts'
import { refusal } from '../aws/refusal.ts'
import type { InspectedQueue, InspectedStore } from '../inspection.ts'
import type { Depth, Message } from '../notifications.ts'
import { pauseSeconds } from '../pause.ts'
import { uncounted } from '../requests.ts'
import { checkQueue } from './check.ts'
import { queueFailure } from './failures.ts'

/** `notifications.sqs` of the configuration. */
export interface SqsSettings extends AwsSettings {
  readonly queue_url: string
  /** Seconds. Default: the queue's own. */
  readonly visibility_timeout?: number | undefined
}

export interface SqsSeams extends AwsSeams {
  /** Long poll, in seconds. Default 20, SQS's longest. */
  readonly waitSeconds?: number
}

/** A message and how often it has been received. */
type Held = Message & { readonly receives?: number }

const BATCH = 10
const DELETE_ATTEMPTS = 3
const counts = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const

/** Loads the SDK and makes a client. Sends nothing. */
export async function openSqsNotifications(settings: SqsSettings, seams: SqsSeams = {}): Promise<SqsNotifications> {
  const sdk = await import('@aws-sdk/client-sqs')
  const region = settings.region ?? regionOf(settings.queue_url)
  const endpoint = settings.endpoint ?? addressIn(settings.queue_url)
  const connection = await awsConnection({ ...settings, region, endpoint }, seams)
  // The SDK would take every queue's URL for an endpoint, and say so on standard error at every request.
  const client = new sdk.SQS({ ...connection, useQueueUrlAsEndpoint: false })
  client.middlewareStack.use(counting('sqs', seams.counted ?? uncounted))
  return new SqsNotifications(client, settings, seams)
}

/**
 * The address that a queue's URL insists on. One as SQS itself spells it does not: where FIPS, dual stack or an endpoint of
 * the environment's is asked for, the SDK knows a better one for the same region.
 */
function addressIn(url: string): string | undefined {
  return /^https:\/\/sqs\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\//.test(url) ? undefined : new URL(url).origin
}

export class SqsNotifications implements InspectedQueue {
  readonly name: string
  readonly #client: SQS
  readonly #isAws: boolean
  readonly #receive: Parameters<SQS['receiveMessage']>[0]

  constructor(client: SQS, settings: SqsSettings, seams: SqsSeams) {
    this.name = settings.queue_url
    this.#client = client
    this.#isAws = isAws(settings.endpoint ?? settings.queue_url)
    this.#receive = {
      QueueUrl: settings.queue_url,
      MaxNumberOfMessages: BATCH,
      WaitTimeSeconds: seams.waitSeconds ?? 20,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      ...(settings.visibility_timeout === undefined ? {} : { VisibilityTimeout: settings.visibility_timeout }),
    }
  }

  async receive(signal: AbortSignal): Promise<readonly Message[]> {
    try {
      const { Messages } = await this.#client.receiveMessage(this.#receive, { abortSignal: signal })
      return (Messages ?? []).map(toMessage)
    } catch (error) {
      if (signal.aborted) return []
      throw this.#failure('receive from', 'sqs:ReceiveMessage', error)
    }
  }

  async delete(messages: readonly Message[]): Promise<void> {
    for (const batch of batches(messages)) await this.#deleteBatch(batch)
  }

  async release(messages: readonly Held[]): Promise<void> {
    for (const batch of batches(messages)) {
      const Entries = batch.map((message, index) => ({
        Id: String(index),
        ReceiptHandle: message.receipt,
        VisibilityTimeout: pauseSeconds(message.receives ?? 1),
      }))
      // Without this call they come back when their visibility ends: later, not never.
      await this.#client.changeMessageVisibilityBatch({ QueueUrl: this.name, Entries }).catch(() => undefined)
    }
  }

  async depth(signal: AbortSignal): Promise<Depth> {
    try {
      const request = { QueueUrl: this.name, AttributeNames: [...counts] }
      const { Attributes = {} } = await this.#client.getQueueAttributes(request, { abortSignal: signal })
      const [waiting, inFlight] = counts.map((name) => Number(Attributes[name] ?? Number.NaN))
      if (isCount(waiting) && isCount(inFlight)) return { waiting, inFlight }
    } catch (error) {
      throw this.#failure('count the messages of', 'sqs:GetQueueAttributes', error)
    }
    throw new SourceFailure(`cannot count the messages of ${this.name}: it does not say how many there are`)
  }

  check(store: InspectedStore, signal: AbortSignal): Promise<readonly Finding[]> {
    return checkQueue({ client: this.#client, url: this.name, isAws: this.#isAws }, store, signal)
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  // Entries fail one by one inside an answer that says 200.
  async #deleteBatch(batch: readonly Message[]): Promise<void> {
    let Entries = batch.map((message, index) => ({ Id: String(index), ReceiptHandle: message.receipt }))
    let failed: readonly { Id?: string | undefined; Code?: string | undefined }[] = []
    for (let attempt = 0; attempt < DELETE_ATTEMPTS && Entries.length > 0; attempt++) {
      const answer = await this.#client.deleteMessageBatch({ QueueUrl: this.name, Entries }).catch((error: unknown) => {
        throw this.#failure('delete from', 'sqs:DeleteMessage', error)
      })
      failed = answer.Failed ?? []
      const again = new Set(failed.map((entry) => entry.Id))
      Entries = Entries.filter((entry) => again.has(entry.Id))
    }
    const first = failed[0]?.Code ?? 'no code'
    if (Entries.length > 0)
      throw new SourceFailure(`cannot delete ${Entries.length} messages from ${this.name}: ${first}`)
  }

  #failure(doing: string, permission: string, error: unknown): SourceFailure {
    return queueFailure(doing, this.name, refusal(error), permission)
  }
}

/** Some services that speak SQS leave attributes out. */
function isCount(value: number | undefined): value is number {
  return Number.isSafeInteger(value)
}

function toMessage(message: SqsMessage): Held {
  return {
    id: message.MessageId ?? '',
    body: message.Body ?? '',
    receipt: message.ReceiptHandle ?? '',
    receives: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
  }
}

function* batches<T>(messages: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < messages.length; from += BATCH) yield messages.slice(from, from + BATCH)
}
