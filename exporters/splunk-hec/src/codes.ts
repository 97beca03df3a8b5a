// Every code the HTTP Event Collector answers with, as data. Source: Splunk documentation, "Troubleshoot HTTP Event
// Collector" (possible error codes), with code 28 as Splunk Cloud 10.5 sends it. What is not a number here is not HEC.

export type Meaning =
  /** The request is taken. */
  | 'taken'
  /** Not now; nothing of this request was stored. */
  | 'busy'
  /** Not now; nobody knows what was stored. */
  | 'failed'
  /** `invalid-event-number` names the event that is refused. */
  | 'event'
  /** The batch is refused and the culprit unknown. */
  | 'batch'
  /** The index is not allowed; `invalid-event-number` counts from one. */
  | 'index'
  /** The token wants a channel. */
  | 'channel'
  | 'credentials'
  | 'configuration'

/** One of the collector's answers, and what follows from it. */
export interface HecCode {
  /** The HTTP status it comes with. */
  readonly http: number
  readonly text: string
  readonly meaning: Meaning
  /** What to do about it, where somebody must. */
  readonly next?: string
}

const enable = 'enable the token in Settings > Data inputs > HTTP Event Collector'
const compare = "compare the token with Splunk's Settings > Data inputs > HTTP Event Collector"

/** The collector's codes by number. Source: Splunk documentation, "Troubleshoot HTTP Event Collector". */
export const codes: ReadonlyMap<number, HecCode> = new Map<number, HecCode>([
  [0, { http: 200, text: 'Success', meaning: 'taken' }],
  [1, { http: 403, text: 'Token disabled', meaning: 'credentials', next: enable }],
  [2, { http: 401, text: 'Token is required', meaning: 'credentials', next: compare }],
  [3, { http: 401, text: 'Invalid authorization', meaning: 'credentials', next: compare }],
  [4, { http: 403, text: 'Invalid token', meaning: 'credentials', next: compare }],
  [5, { http: 400, text: 'No data', meaning: 'batch' }],
  [6, { http: 400, text: 'Invalid data format', meaning: 'event' }],
  [7, { http: 400, text: 'Incorrect index', meaning: 'index', next: "allow the index in the token's settings" }],
  [8, { http: 500, text: 'Internal server error', meaning: 'failed' }],
  [9, { http: 503, text: 'Server is busy', meaning: 'busy' }],
  [10, { http: 400, text: 'Data channel is missing', meaning: 'channel', next: 'set ack: auto' }],
  [
    11,
    {
      http: 400,
      text: 'Invalid data channel',
      meaning: 'configuration',
      next: 'look for a proxy that changes headers',
    },
  ],
  [12, { http: 400, text: 'Event field is required', meaning: 'event' }],
  [13, { http: 400, text: 'Event field cannot be blank', meaning: 'event' }],
  [
    14,
    {
      http: 400,
      text: 'ACK is disabled',
      meaning: 'configuration',
      next: 'enable indexer acknowledgement for the token',
    },
  ],
  [15, { http: 400, text: 'Error in handling indexed fields', meaning: 'event' }],
  [
    16,
    {
      http: 400,
      text: 'Query string authorization is not enabled',
      meaning: 'configuration',
      next: 'remove the query from the endpoint',
    },
  ],
  [
    17,
    {
      http: 200,
      text: 'HEC is healthy',
      meaning: 'configuration',
      next: 'the endpoint is the health check: remove its path',
    },
  ],
  [18, { http: 503, text: 'HEC is unhealthy, queues are full', meaning: 'busy' }],
  [19, { http: 503, text: 'HEC is unhealthy, ack service unavailable', meaning: 'busy' }],
  [20, { http: 503, text: 'HEC is unhealthy, queues are full, ack service unavailable', meaning: 'busy' }],
  [21, { http: 400, text: 'Invalid token', meaning: 'credentials', next: compare }],
  [22, { http: 400, text: 'Token disabled', meaning: 'credentials', next: enable }],
  [23, { http: 503, text: 'Server is shutting down', meaning: 'busy' }],
  [24, { http: 200, text: 'HEC is healthy, queue approaching capacity', meaning: 'taken' }],
  [25, { http: 200, text: 'HEC is healthy, ACK approaching capacity', meaning: 'taken' }],
  [26, { http: 429, text: 'Queue at capacity', meaning: 'busy' }],
  [27, { http: 429, text: 'ACK channel at capacity', meaning: 'busy' }],
  [
    28,
    {
      http: 400,
      text: 'Data channel is missing; several indexers need sticky sessions',
      meaning: 'channel',
      next: 'set ack: auto',
    },
  ],
])
