import type { z } from 'zod'
import type { Exporter } from './exporter.ts'

/**
 * Version of the contract: of what a module offers, what an exporter answers, and what the caller does with it. Raised
 * when an exporter written for the version before would no longer be understood; additions leave it as it is.
 */
export const CONTRACT_VERSION = 1

/** How much the lane should put into one request, and how many at once, where the operator says nothing. */
export interface LaneDefaults {
  readonly records: number
  /** Encoded bytes, before compression. */
  readonly bytes: number
  /** How long a batch waits for more, in milliseconds. */
  readonly lingerMs: number
  readonly concurrency: { readonly min: number; readonly max: number }
}

/**
 * What an exporter package exports as `module`: all that the forwarder's registry needs. The schema is the single
 * source of the settings' types, validation, reference and secrecy (`.meta({ description, secret: true })`).
 */
export interface ExporterModule<Schema extends z.ZodType = z.ZodType> {
  /** The component type in the configuration, e.g. `splunk_hec`. */
  readonly type: string
  /**
   * The contract version this module is written for. Packages that are loaded by name (`service.plugins`) must say it,
   * as a number: `CONTRACT_VERSION` would say whatever version is installed beside them.
   */
  readonly contract?: typeof CONTRACT_VERSION
  /** Settings as the configuration file spells them (snake_case); parsing yields what `create` takes. */
  readonly schema: Schema
  readonly defaults: LaneDefaults
  /** Opens no connection. Throws only for settings that cannot work, naming the setting. */
  create(settings: z.output<Schema>): Exporter
}
