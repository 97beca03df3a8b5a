// What a container can be asked beyond listing and reading: its folders. Lifecycle rules and event subscriptions are settings
// of the storage account, which is managed elsewhere and with other rights; so what cannot be seen from here is said, with
// where to look. A shared access signature tells of itself.
import type { ContainerClient, ContainerListBlobHierarchySegmentResponse } from '@azure/storage-blob'
import type { Clock } from '../../domain/clock.ts'
import type { Finding } from '../../domain/finding.ts'
import type { AzureSettings } from '../azure/connection.ts'
import { signatureFindings } from '../azure/sas.ts'
import type { Inspection } from '../inspection.ts'
import { listFailure, type Place } from './failures.ts'

export class AzureBlobInspection implements Inspection {
  readonly ownClock = true
  readonly prefixSetting = 'store.azure_blob.prefix'
  readonly #client: ContainerClient
  readonly #place: Place
  readonly #settings: AzureSettings
  readonly #clock: Clock

  constructor(client: ContainerClient, place: Place, settings: AzureSettings, clock: Clock) {
    this.#client = client
    this.#place = place
    this.#settings = settings
    this.#clock = clock
  }

  async folders(path: string, signal: AbortSignal): Promise<readonly string[]> {
    const prefix = path === '' ? '' : `${path}/`
    try {
      const pages = this.#client.listBlobsByHierarchy('/', { prefix, abortSignal: signal })
      const { value } = await pages.byPage({ maxPageSize: 1000 }).next()
      const { blobPrefixes = [] } = (value as ContainerListBlobHierarchySegmentResponse).segment
      const folders = blobPrefixes.map(({ name }) => name.slice(prefix.length, -1))
      return folders.filter((name) => name !== '')
    } catch (error) {
      throw listFailure(error, this.#place, prefix)
    }
  }

  async particulars(): Promise<readonly Finding[]> {
    const { account, sas_token } = this.#settings
    return [...signatureFindings(sas_token, { r: 'read', l: 'list' }, this.#clock.now()), unseen(account)]
  }
}

function unseen(account: string): Finding {
  return {
    level: 'unknown',
    what: 'objects are kept long enough, and out of the archive tier',
    detail: 'lifecycle rules are settings of the storage account, which reading its blobs does not show',
    next: `look with: az storage account management-policy show --account-name ${account}`,
  }
}
