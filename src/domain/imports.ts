// To the ledger an imported file is one object of a store of its own, and who brings it a receiver of its own: so it is
// decided, delivered and settled like any other, and its routes' counts are the import's. Such a receiver is never swept and
// so has no watermark: imports take no part in it. Each request is an object by itself, also for the same file: what an
// earlier one delivered is recognised by the events' ids.

const receiverForm = /^import:(\d+):(.+)$/
const storePrefix = 'import:'

/** The receiver of one import: what the request's number is, and which receiver's events the file holds. */
export function importReceiver(request: number, receiver: string): string {
  return `${storePrefix}${request}:${receiver}`
}

/** What `importReceiver` was made of; undefined for any other receiver. */
export function importOf(receiver: string): { readonly request: number; readonly receiver: string } | undefined {
  const [, request, base] = receiverForm.exec(receiver) ?? []
  return base === undefined ? undefined : { request: Number(request), receiver: base }
}

/** Whether a receiver is an import. */
export function isImportReceiver(receiver: string): boolean {
  return importOf(receiver) !== undefined
}

/** The store in which files with a receiver's events are staged. */
export function importStore(receiver: string): string {
  return storePrefix + receiver
}

/** Every import store sorts from the first of these on, and before the second. */
export const importStores: readonly [string, string] = [storePrefix, 'import;']

/** The receiver that an import store is of; undefined for any other store. */
export function importStoreOf(store: string): string | undefined {
  return store.startsWith(storePrefix) ? store.slice(storePrefix.length) : undefined
}
