// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${...} is the language users write
// What other programs call things. Whoever knows the OpenTelemetry Collector or Vector types their keys; a refusal that
// only lists our own would leave him searching. Keys by the place they are typed at; `*` stands for a component's id.
import { azure, gcs } from './cloud-counterparts.ts'
import type { Path } from './problem.ts'
import { processorKeys, processorTypes } from './processor-counterparts.ts'

type Says = Readonly<Record<string, string>>

const noCredentials =
  "credentials come from the AWS SDK's default chain (environment, role of the pod or machine); a role to assume is `role_arn`"
const noQueue =
  'there is no queue to configure: the bucket is the buffer, and the ledger remembers what is delivered; see `batch` and `concurrency`'
const noEnd = 'there is no such thing: a destination is tried until it accepts, and nothing is dropped'
const notYet = 'is not in this version'
const underS3 = (key: string) => `write \`store: { s3: { ${key}: ... } }\``
const underSqs = (key: string) => `write \`notifications: { sqs: { ${key}: ... } }\``

const top: Says = {
  sources: "Vector's sources are `receivers` here",
  transforms: "Vector's transforms are `processors` here",
  sinks: "Vector's sinks are `exporters` here; who feeds them is said in `service.pipelines`",
  inputs: 'inputs are `receivers` here',
  input: 'inputs are `receivers` here',
  outputs: 'outputs are `exporters` here',
  output: 'outputs are `exporters` here',
  extensions:
    'there are no extensions: progress is in `service.ledger`, health on `service.telemetry.metrics.endpoint`',
  connectors: 'there are no connectors: a pipeline leads from receivers to exporters',
  data_dir: 'write `service: { ledger: { sqlite: { path: ... } } }`',
  api: 'write `service: { admin: { endpoint: ... } }`',
  secret: 'write `${env:NAME}` or `${file:/path}` where the secret is used',
  secrets: 'write `${env:NAME}` or `${file:/path}` where the secret is used',
  file_format:
    "this is no OpenTelemetry SDK configuration: the layout is the Collector's (receivers, exporters, service)",
  pipelines: 'write `service: { pipelines: ... }`',
  telemetry: 'write `service: { telemetry: ... }`',
  ledger: 'write `service: { ledger: ... }`',
  admin: 'write `service: { admin: ... }`',
  acknowledgements: 'acknowledgement is not optional here: an object is done when every destination has answered',
  proxy: 'write `service: { proxy: ... }`',
}

const receiverTypes: Says = {
  awss3: 'write `circleci_audit` with `store: { s3: ... }`',
  aws_s3: 'write `circleci_audit` with `store: { s3: ... }`',
  azureblob: 'write `circleci_audit` with `store: { azure_blob: ... }`',
  azure_blob: 'write `circleci_audit` with `store: { azure_blob: ... }`',
  gcs: 'write `circleci_audit` with `store: { gcs: ... }`',
  aws_sqs: 'write `circleci_audit` with `notifications: { sqs: ... }`',
  s3: 'write `circleci_audit` with `store: { s3: ... }`',
  file: 'write `circleci_audit` with `store: { directory: ... }`',
  filelog: 'write `circleci_audit` with `store: { directory: ... }`',
  circleci: 'write `circleci_audit`',
  circleci_s3: 'write `circleci_audit` with `store: { s3: ... }`',
  otlp: 'only audit objects are received; OTLP goes to a Collector',
}

const exporterTypes: Says = {
  otlphttp: 'the Collector renamed it, and so it is called here: `otlp_http`',
  otlp: 'OTLP over gRPC is not in this version: write `otlp_http`',
  otlp_grpc: 'OTLP over gRPC is not in this version: write `otlp_http`',
  opentelemetry: 'write `otlp_http`',
  debug: 'write `console`',
  logging: 'write `console`',
  stdout: 'write `console`',
  splunk_hec_logs: 'write `splunk_hec`',
  splunk: 'write `splunk_hec`',
  datadog_logs: 'write `datadog`',
  clickhouse: notYet,
  insightidr: 'write `rapid7`',
}

const retry: Says = {
  enabled: 'it cannot be switched off: a destination is tried until it accepts',
  max_elapsed_time: noEnd,
  max_attempts: noEnd,
  multiplier: 'the wait always doubles, with jitter',
  randomization_factor: 'the wait always doubles, with jitter',
}

const exporter: Says = {
  sending_queue: noQueue,
  queue: noQueue,
  buffer: noQueue,
  retry_on_failure: 'write `retry: { initial_interval, max_interval }`; there is no end to it',
  max_elapsed_time: noEnd,
  request: 'write `timeout`, `retry { initial_interval, max_interval }` and `concurrency { min, max }`',
  inputs: 'who feeds an exporter is said in `service.pipelines`',
  type: "the type is the id's first part: `splunk_hec` or `splunk_hec/name`",
  hec_token: 'write `token`',
  default_token: 'write `token`',
  api: 'write `api_key` and `site`',
  default_api_key: 'write `api_key`',
  uri: 'write `endpoint`',
  url: 'write `endpoint`',
  host: 'write `endpoint`',
  address: 'write `endpoint`',
  logs_endpoint: 'write `endpoint`',
  auth: 'write the credential the exporter asks for, or `headers`',
  healthcheck: 'the command `doctor` checks destinations; see its README for what is checked',
  acknowledgements: 'acknowledgement is not optional here',
  disable_compression: 'write `compression: none`',
  max_content_length_logs: 'write `batch: { max_bytes: ... }`',
  max_event_size: "the limit of one record is the destination's own",
  num_consumers: 'write `concurrency: { max: ... }`',
  timeout_secs: 'write `timeout: 30s`',
  proxy: 'write `proxy_url`',
}

const batch: Says = {
  max_events: 'write `max_records`',
  send_batch_size: 'write `max_records`',
  send_batch_max_size: 'write `max_records`',
  max_size: 'write `max_records`',
  min_size: 'there is no lower bound: `linger` says how long a batch waits',
  timeout_secs: 'write `linger`',
  timeout: 'write `linger`',
  flush_timeout: 'write `linger`',
}

const tls: Says = {
  insecure: 'write an `endpoint` that begins with http://',
  verify_certificate: 'write `insecure_skip_verify: true`',
  verify_hostname: 'write `server_name`',
  crt_file: 'write `cert_file`',
  ca_pem: 'write `ca_file`',
  cert_pem: 'write `cert_file`',
  key_pem: 'write `key_file`',
  server_name_override: 'write `server_name`',
}

const credentials: Says = Object.fromEntries(
  [
    'access_key_id',
    'secret_access_key',
    'session_token',
    'aws_access_key_id',
    'aws_secret_access_key',
    'access_key',
    'secret_key',
    'profile',
    'credentials',
    'auth',
  ].map((name) => [name, noCredentials]),
)

const receiver: Says = {
  ...credentials,
  s3: 'write `store: { s3: ... }`',
  s3downloader: 'write `store: { s3: ... }`',
  directory: 'write `store: { directory: ... }`',
  bucket: underS3('bucket'),
  s3_bucket: underS3('bucket'),
  prefix: underS3('prefix'),
  s3_prefix: underS3('prefix'),
  region: underS3('region'),
  endpoint: underS3('endpoint'),
  role_arn: underS3('role_arn'),
  assume_role: underS3('role_arn'),
  sqs: 'write `notifications: { sqs: ... }`',
  queue_url: underSqs('queue_url'),
  sqs_queue_url: underSqs('queue_url'),
  poll_interval: 'write `sweep: { interval: ... }`',
  starttime: 'write `start_at`',
  start_time: 'write `start_at`',
  compression: 'compression is recognised by itself',
  encoding: 'the encoding is recognised by itself',
  type: "the type is the id's first part: `circleci_audit` or `circleci_audit/name`",
}

const s3: Says = {
  ...credentials,
  assume_role: 'write `role_arn`',
  s3_bucket: 'write `bucket`',
  s3_prefix: 'write `prefix`',
  s3_force_path_style: 'write `force_path_style`',
  endpoint_url: 'write `endpoint`',
}

const sqs: Says = {
  ...credentials,
  assume_role: 'write `role_arn`',
  sqs_queue_url: 'write `queue_url`',
  visibility_timeout_secs: 'write `visibility_timeout: 60s`',
  delete_message: 'a message is deleted as soon as what it announces is in the ledger',
  poll_secs: 'the queue is always polled long',
}

const service: Says = {
  extensions: top['extensions']!,
  http_proxy: 'write `proxy`',
  https_proxy: 'write `proxy`',
  proxy_url: 'write `proxy`',
  no_proxy: 'set NO_PROXY in the environment',
  tls: 'write `ca_file`; what one destination needs is under its `tls`',
  metrics: 'write `telemetry: { metrics: { endpoint: ... } }`',
  logs: 'write `telemetry: { logs: { level: ... } }`',
  dedup: 'write `deduplication: { window: ... }`',
}

const byPlace: Readonly<Record<string, Says>> = {
  '': top,
  receivers: receiverTypes,
  processors: processorTypes,
  exporters: exporterTypes,
  'receivers.*': receiver,
  'processors.*': processorKeys,
  'receivers.*.store': {
    azure: 'write `azure_blob`',
    azureblob: 'write `azure_blob`',
    azure_blob_storage: 'write `azure_blob`',
    gs: 'write `gcs`',
    google_cloud_storage: 'write `gcs`',
    gcp_cloud_storage: 'write `gcs`',
    r2: 'write `s3` with `endpoint`, `region: auto` and `force_path_style: true`',
    minio: 'write `s3` with `endpoint` and `force_path_style: true`',
    file: 'write `directory`',
  },
  'receivers.*.store.s3': s3,
  'receivers.*.store.gcs': gcs,
  'receivers.*.store.azure_blob': azure,
  'receivers.*.notifications': {
    pubsub: 'there is none: a bucket of Google Cloud Storage is swept',
    event_grid: 'let Event Grid send the events to a storage queue, and write `azure_queue`',
    service_bus: 'let Event Grid send the events to a storage queue, and write `azure_queue`',
    queue_url: 'write `sqs: { queue_url: ... }`',
  },
  'receivers.*.notifications.sqs': sqs,
  'receivers.*.notifications.azure_queue': azure,
  'exporters.*': exporter,
  'exporters.*.retry': retry,
  'exporters.*.batch': batch,
  'exporters.*.tls': tls,
  service,
  'service.ledger': { file: 'write `sqlite: { path: ... }`', path: 'write `sqlite: { path: ... }`', postgres: notYet },
  'service.telemetry': { traces: 'there are no traces of its own', resource: 'own metrics carry no resource to set' },
  'service.telemetry.metrics': {
    address: 'write `endpoint`',
    readers: 'metrics are served for Prometheus: write `endpoint`',
    level: 'all metrics are always served',
  },
  'service.telemetry.logs': { encoding: 'write `format: json` or `format: text`' },
}

const collapsed: ReadonlySet<string | number> = new Set(['receivers', 'processors', 'exporters'])

/** What the key is called here, or why it does not exist; undefined where no other program has it either. */
export function counterpart(place: Path, key: string): string | undefined {
  const steps = place.map((step, depth) => (depth === 1 && collapsed.has(place[0]!) ? '*' : step))
  const says = byPlace[steps.join('.')]
  const answer = says !== undefined && Object.hasOwn(says, key) ? says[key] : undefined
  return answer === notYet ? `\`${key}\` ${notYet}` : answer
}
