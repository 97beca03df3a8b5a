// Azurite's servers in this process, and signatures for them. The account and its key are the emulator's well-known ones.
import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import {
  generateQueueSASQueryParameters,
  QueueClient,
  StorageSharedKeyCredential as QueueKey,
  QueueSASPermissions,
} from '@azure/storage-queue'
import BlobConfiguration from 'azurite/dist/src/blob/BlobConfiguration.js'
import BlobServer from 'azurite/dist/src/blob/BlobServer.js'
import { MemoryExtentChunkStore } from 'azurite/dist/src/common/persistence/MemoryExtentStore.js'
import QueueConfiguration from 'azurite/dist/src/queue/QueueConfiguration.js'
import QueueServer from 'azurite/dist/src/queue/QueueServer.js'

export const account = 'devstoreaccount1'
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

interface Emulator {
  start(): Promise<void>
  close(): Promise<void>
  getHttpServerAddress(): string
}

type Made<T> = { readonly default?: new (...options: unknown[]) => T } & (new (...options: unknown[]) => T)

/** Azurite is CommonJS: its default export is the module or in it. */
function make<T>(exported: unknown, ...options: unknown[]): T {
  const made = exported as Made<T>
  return new (made.default ?? made)(...options)
}

/** A server of its own, which keeps everything in memory and says nothing. */
function emulator(configuration: unknown, server: unknown): Emulator {
  const places = ['127.0.0.1', 0, 5, '', '']
  const logs = [false, undefined, false, undefined, false]
  const rest = [true, '', '', '', undefined, true, true, new MemoryExtentChunkStore()]
  return make<Emulator>(server, make(configuration, ...places, [], ...logs, ...rest))
}

export interface AzuriteBlobs {
  /** The account's address. */
  readonly endpoint: string
  /** A client that may do everything. */
  readonly container: ContainerClient
  readonly signature: (permissions: string, more?: { readonly expiresOn?: Date }) => string
  readonly close: () => Promise<void>
}

export async function startBlobs(name: string): Promise<AzuriteBlobs> {
  const server = emulator(BlobConfiguration, BlobServer)
  await server.start()
  const endpoint = `${server.getHttpServerAddress()}/${account}`
  const credential = new StorageSharedKeyCredential(account, key)
  const container = new ContainerClient(`${endpoint}/${name}`, credential)
  await container.create()
  const signature: AzuriteBlobs['signature'] = (permissions, { expiresOn = tomorrow() } = {}) => {
    const allowed = ContainerSASPermissions.parse(permissions)
    return generateBlobSASQueryParameters(
      { containerName: name, permissions: allowed, expiresOn },
      credential,
    ).toString()
  }
  return { endpoint, container, signature, close: () => server.close() }
}

export interface AzuriteQueue {
  readonly endpoint: string
  readonly queue: QueueClient
  readonly signature: (permissions: string) => string
  readonly close: () => Promise<void>
}

export async function startQueue(name: string): Promise<AzuriteQueue> {
  const server = emulator(QueueConfiguration, QueueServer)
  await server.start()
  const endpoint = `${server.getHttpServerAddress()}/${account}`
  const credential = new QueueKey(account, key)
  const queue = new QueueClient(`${endpoint}/${name}`, credential)
  await queue.create()
  const signature = (permissions: string): string => {
    const allowed = QueueSASPermissions.parse(permissions)
    const values = { queueName: name, permissions: allowed, expiresOn: tomorrow() }
    return generateQueueSASQueryParameters(values, credential).toString()
  }
  return { endpoint, queue, signature, close: () => server.close() }
}

function tomorrow(): Date {
  return new Date(Date.now() + 86_400_000)
}
