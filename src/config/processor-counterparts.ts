// What the processors of other programs, and their keys, are called here: those of the Collector (attributes, filter,
// transform, redaction, geoip) and of Vector (filter, remap). See `counterparts.ts`.

const noLanguage = (name: string) =>
  `there is no ${name}: \`filter\` withholds, \`redact\` removes, \`attributes\` and \`severity\` set values`
const noCondition =
  'there is no language of conditions: a filter has `include`, `exclude`, `min_severity`, `success`, `actor`, `target`, `scope`'
const redactLists = 'write paths under `drop`, `mask` or `hash`'

/** Types of processors. */
export const processorTypes: Readonly<Record<string, string>> = {
  batch: 'batching belongs to each exporter: `batch { max_records, max_bytes, linger }`',
  memory_limiter: 'memory is bounded by itself: see `service.memory`',
  resource: 'write `attributes` with `resource: { name: value }`',
  resourcedetection: 'what a record comes from is known: constants are set by `attributes`',
  dedup: 'copies are removed by themselves: see `service.deduplication`',
  dedupe: 'copies are removed by themselves: see `service.deduplication`',
  logdedup: 'copies are removed by themselves: see `service.deduplication`',
  remap: noLanguage('VRL'),
  transform: noLanguage('OTTL'),
  probabilistic_sampler: 'an audit log is not sampled: `filter` withholds by rule',
  sample: 'an audit log is not sampled: `filter` withholds by rule',
  redaction: 'write `redact` with `drop`, `mask` or `hash`',
  logstransform: noLanguage('operators'),
  enrichment_tables: 'write `geoip` with `databases: [...]`',
}

/** Keys of processors of any type. */
export const processorKeys: Readonly<Record<string, string>> = {
  actions:
    'write `set: { name: value }` in an `attributes` processor; what an event says is removed or hashed by `redact`',
  attributes:
    'an `attributes` processor has `set`, and `redact` takes attributes by name under `drop`, `mask` or `hash`',
  upsert: 'write `set`',
  insert: 'write `set`',
  error_mode: 'no setting here can fail on a record',
  logs: noCondition,
  log_record: noCondition,
  log_conditions: noCondition,
  log_statements: noCondition,
  condition: noCondition,
  severity_number: 'write `min_severity: warning`',
  severity: 'write `min_severity: warning`',
  allow_all_keys: 'what no rule names is kept',
  allowed_keys: redactLists,
  ignored_keys: 'what no rule names is kept',
  blocked_key_patterns: redactLists,
  blocked_values: `values are found by their place: ${redactLists}`,
  redact_all_types: 'values of every type are redacted',
  hash_function: 'it is always HMAC-SHA256, under `key`',
  fields: redactLists,
  filters: redactLists,
  paths: redactLists,
  salt: 'write `key`',
  hash_key: 'write `key`',
  secret: 'write `key`',
  providers: 'write `databases: [/path/to/GeoLite2-City.mmdb]`',
  database: 'write `databases: [...]`',
  context: 'the address is always `client.address`',
  source: 'the address is always `client.address`',
  overrides: 'write `set: { "context.*": critical }`',
  inputs: 'who feeds a processor is said in `service.pipelines`',
  type: "the type is the id's first part: `filter` or `filter/name`",
}
