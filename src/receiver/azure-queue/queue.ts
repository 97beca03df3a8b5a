// A queue of Azure Queue Storage, into which Event Grid puts the events of a container. There is no long poll: an empty queue
// answers at once, so the pauses are ours, from a second up to ten while nothing comes. Messages are deleted one by one. A
// message whose receipt is stale has been given out again meanwhile: whoever holds it now deletes it, so that is no failure.
// Nothing moves messages aside after so many receives; what cannot be committed comes back until it can, or until the
// queue lets it expire (seven days, unless the sender said otherwise), and the sweep has found its object long before.
import type { QueueClient } from '@azure/storage-queue'
import type { Clock } from '../../domain/clock.ts'
import { SourceFailure } from '../../domain/failures.ts'
import type { Finding } from '../../domain/finding.ts'
import { ANSWER_MS, answered } from '../answer.ts'
import { type AzureSeams, type AzureSettings, azureAddress, azureConnection, clientFor } from '../azure/connection.ts'
import { refusal } from '../azure/refusal.ts'
import type { InspectedQueue, InspectedStore } from '../inspection.ts'
import type { Depth, Message } from '../notifications.ts'
import { pauseSeconds } from '../pause.ts'
import { type Counted, uncounted } from '../requests.ts'
import { checkAzureQueue } from './check.ts'
import { type QueuePlace, queueFailure, uncountedFailure } from './failures.ts'

/** `notifications.azure_queue` of the configuration. */
export interface AzureQueueSettings extends AzureSettings {
  readonly queue: string
  /** Seconds. */
  readonly visibility_timeout: number
}

export interface AzureQueueSeams extends AzureSeams {
  readonly clock: Clock
}

/** A message and how often it has been received. */
type Held = Message & { readonly receives?: number }

/** The most that one request gives. */
const BATCH = 32
const PAUSE_FIRST_MS = 1000
const PAUSE_MAX_MS = 10_000

/** Loads the SDK and makes a client. Sends nothing. */
export async function openAzureQueue(settings: AzureQueueSettings, seams: AzureQueueSeams): Promise<AzureQueue> {
  const { AnonymousCredential, QueueClient } = await import('@azure/storage-queue')
  const { url, credential, options } = await azureConnection('queue', settings, seams)
  const client = clientFor(
    () => url(settings.queue),
    (address) => new QueueClient(address, credential ?? new AnonymousCredential(), options),
  )
  return new AzureQueue(client, settings, seams)
}

export class AzureQueue implements InspectedQueue {
  readonly name: string
  readonly #client: () => QueueClient
  readonly #settings: AzureQueueSettings
  readonly #place: QueuePlace
  readonly #clock: Clock
  readonly #answerMs: number
  readonly #counted: Counted
  /** How long to wait before asking again; 0 while there is something to receive. */
  #pauseMs = 0

  constructor(client: () => QueueClient, settings: AzureQueueSettings, seams: AzureQueueSeams) {
    this.name = `${azureAddress('queue', settings)}/${settings.queue}`
    this.#client = client
    this.#settings = settings
    this.#place = { name: this.name, signed: settings.sas_token !== undefined }
    this.#clock = seams.clock
    this.#answerMs = seams.answerMs ?? ANSWER_MS
    this.#counted = seams.counted ?? uncounted
  }

  async receive(signal: AbortSignal): Promise<readonly Message[]> {
    if (this.#pauseMs > 0) await this.#clock.sleep(this.#pauseMs, signal)
    if (signal.aborted) return []
    const messages = await this.#take(signal)
    const longer = Math.min(PAUSE_MAX_MS, Math.max(PAUSE_FIRST_MS, this.#pauseMs * 2))
    this.#pauseMs = messages.length > 0 ? 0 : longer
    return messages
  }

  async delete(messages: readonly Message[]): Promise<void> {
    const answers = await Promise.all(messages.map((message) => this.#delete(message)))
    const failed = answers.filter((answer) => answer !== undefined)
    if (failed[0] === undefined) return
    const { message, hint } = queueFailure(
      `delete ${failed.length} of ${messages.length} messages from`,
      this.#place,
      failed[0],
    )
    throw new SourceFailure(message, hint === undefined ? {} : { hint })
  }

  async release(messages: readonly Held[]): Promise<void> {
    const given = messages.map(({ id, receipt, receives = 1 }) =>
      // Without a text the message keeps its own.
      this.#answered('UpdateMessage', (options) =>
        this.#client().updateMessage(id, receipt, undefined, pauseSeconds(receives), options),
      ),
    )
    // Those that fail come back when their visibility ends: later, not never.
    await Promise.allSettled(given)
  }

  /** Messages that are being read are in the count, and Azure does not say how many these are. */
  async depth(signal: AbortSignal): Promise<Depth> {
    try {
      const { approximateMessagesCount: waiting } = await this.#answered(
        'GetQueueProperties',
        (options) => this.#client().getProperties(options),
        signal,
      )
      if (waiting !== undefined) return { waiting }
    } catch (error) {
      throw uncountedFailure(this.#place, error)
    }
    throw new SourceFailure(`cannot count the messages of ${this.name}: it does not say how many there are`)
  }

  check(store: InspectedStore, signal: AbortSignal): Promise<readonly Finding[]> {
    const { sas_token: signature } = this.#settings
    return checkAzureQueue(
      { client: this.#client(), place: this.#place, signature, now: this.#clock.now() },
      store,
      signal,
    )
  }

  /** The SDK keeps nothing that would have to be closed. */
  async close(): Promise<void> {}

  async #take(signal: AbortSignal): Promise<readonly Held[]> {
    const options = { numberOfMessages: BATCH, visibilityTimeout: this.#settings.visibility_timeout }
    try {
      const { receivedMessageItems } = await this.#answered(
        'GetMessages',
        (stop) => this.#client().receiveMessages({ ...options, ...stop }),
        signal,
      )
      return receivedMessageItems.map(({ messageId: id, popReceipt: receipt, messageText: body, dequeueCount }) => ({
        id,
        body,
        receipt,
        receives: dequeueCount,
      }))
    } catch (error) {
      if (signal.aborted) return []
      throw queueFailure('receive from', this.#place, error)
    }
  }

  /** What went wrong; undefined if the message is gone, or not ours any more. */
  async #delete({ id, receipt }: Message): Promise<unknown> {
    try {
      await this.#answered('DeleteMessage', (options) => this.#client().deleteMessage(id, receipt, options))
      return undefined
    } catch (error) {
      return /^(?:MessageNotFound|PopReceiptMismatch)$/.test(refusal(error).code) ? undefined : error
    }
  }

  /** Within our own limit, for the SDK has none: what is deleted or given back must not hold the listener for ever. */
  #answered<T>(
    operation: string,
    ask: (options: { abortSignal: AbortSignal }) => Promise<T>,
    signal = never,
  ): Promise<T> {
    this.#counted('azure_queue', operation)
    return answered((abortSignal) => ask({ abortSignal }), { signal, ms: this.#answerMs })
  }
}

/** Messages are deleted and given back even while we are stopping. */
const never = new AbortController().signal
