// What a cloud bills by the request is counted by the request: each attempt, also those the SDKs repeat by themselves, which
// no caller of theirs sees. So it is counted where requests leave, by the name the service has for the operation.

export type CloudService = 's3' | 'sqs' | 'sts' | 'gcs' | 'azure_blob' | 'azure_queue'

/** Told of every request to a service. Operations are words of this program or an SDK, never a part of an address. */
export type Counted = (service: CloudService, operation: string) => void

/** For whoever counts nothing. */
export const uncounted: Counted = () => undefined
