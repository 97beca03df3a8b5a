import type { CommonOptions } from './options.ts'

/** Which entries of the quarantine; times as `instant` reads them. */
export interface SelectionOptions extends CommonOptions {
  readonly destination?: string | undefined
  readonly receiver?: string | undefined
  readonly reason?: string | undefined
  readonly since?: string | undefined
  readonly until?: string | undefined
}

export interface QuarantineListOptions extends SelectionOptions {
  /** Most entries printed one by one. */
  readonly limit: number
}

export interface QuarantineShowOptions extends CommonOptions {
  readonly id: string
  /** The bytes as read, in place of what the destination would get. */
  readonly original: boolean
}

export interface QuarantineReplayOptions extends SelectionOptions {
  readonly ids: readonly string[]
  /** Everything, where nothing is selected. */
  readonly all: boolean
  readonly dryRun: boolean
  readonly why?: string | undefined
}

export interface QuarantineExportOptions extends SelectionOptions {
  /** Where to write; `-` is standard output. */
  readonly file: string
  readonly dryRun: boolean
  readonly why?: string | undefined
}

export interface BackfillOptions extends CommonOptions {
  readonly from: string
  readonly to?: string | undefined
  readonly destination?: string | undefined
  readonly receiver?: string | undefined
  readonly force: boolean
  readonly only?: string | undefined
  readonly dryRun: boolean
  readonly why?: string | undefined
}
