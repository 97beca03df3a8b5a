/** What every command is given. */
export interface CommonOptions {
  /** Path of the configuration file: `--config`, or the quick start's. */
  readonly config: string
  /** Whether output is for programs. */
  readonly json: boolean
}

export interface RunOptions extends CommonOptions {
  /** Stop when everything is caught up. */
  readonly once: boolean
  /** With `once`: how long a destination may make no progress before the run gives up on it, in milliseconds. */
  readonly timeoutMs: number
}

export interface StatusOptions extends CommonOptions {
  /** URL of a running forwarder's status API, in place of the ledger. */
  readonly admin?: string | undefined
  /** Draws the state again every two seconds, until Ctrl-C. */
  readonly watch?: boolean
}

export interface ProfileOptions extends CommonOptions {
  /** What to read, e.g. `s3://bucket/prefix` or a folder; without it the configured stores. */
  readonly store?: string | undefined
  /** Print field names and types only, no value. */
  readonly shape: boolean
}

export interface ImportOptions extends CommonOptions {
  /** Names, `-` for standard input; without one, imports that are not done are taken up. */
  readonly files: readonly string[]
  /** Whose events they hold; needed where there are several receivers. */
  readonly receiver?: string | undefined
  /** Tell what would be forwarded; forward and keep nothing. */
  readonly dryRun: boolean
  /** Go on although events of objects that are gone cannot be recognised. */
  readonly acceptRepeats: boolean
}

export interface DoctorOptions extends CommonOptions {
  /** Send one marked event to each destination. */
  readonly canary: boolean
  /** How long each store, queue and destination has to answer, in milliseconds. */
  readonly timeoutMs: number
}
