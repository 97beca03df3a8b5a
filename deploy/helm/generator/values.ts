// The values that are the chart's own. What Kubernetes types (affinity, security contexts, …) is let through: the
// cluster judges it. Descriptions stand in values.yaml, once.
import { z } from 'zod'

const mapping = z.record(z.string(), z.unknown())
const texts = z.record(z.string(), z.string())
const list = z.array(mapping)
const name = z.string().regex(/^$|^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
const quantity = z.string().regex(/^[0-9.]+([EPTGMk]i?)?$/)
const on = z.boolean()

/** Schema of values.yaml without `config`. */
export const ownValues = z.strictObject({
  configFile: z.string(),
  existingSecret: name,
  secretFiles: z.array(z.string().regex(/^[a-z0-9]([a-z0-9-]{0,54}[a-z0-9])?$/)),
  envFrom: list,
  env: list,
  image: z.strictObject({
    repository: z.string().min(1),
    tag: z.string(),
    digest: z.string().regex(/^$|^sha256:[0-9a-f]{64}$/),
    pullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']),
  }),
  imagePullSecrets: z.array(z.strictObject({ name })),
  serviceAccount: z.strictObject({ create: on, name, annotations: texts }),
  persistence: z.strictObject({
    enabled: on,
    existingClaim: name,
    size: quantity,
    storageClass: z.string(),
    accessMode: z.enum(['ReadWriteOncePod', 'ReadWriteOnce']),
    keep: on,
    annotations: texts,
  }),
  resources: mapping,
  validate: z.strictObject({ enabled: on }),
  terminationGracePeriodSeconds: z.int().min(1).nullable(),
  probes: z.strictObject({ startup: mapping, liveness: mapping, readiness: mapping }),
  podSecurityContext: mapping,
  securityContext: mapping,
  serviceMonitor: z.strictObject({ enabled: on, interval: z.string().regex(/^(\d+(ms|[smh]))+$/), labels: texts }),
  prometheusRule: z.strictObject({ enabled: on, labels: texts, runbookUrl: z.string() }),
  dashboard: z.strictObject({ enabled: on, labels: texts, annotations: texts }),
  networkPolicy: z.strictObject({ enabled: on, egress: list, metricsFrom: list }),
  labels: texts,
  podLabels: texts,
  podAnnotations: texts,
  priorityClassName: name,
  nodeSelector: texts,
  tolerations: list,
  affinity: mapping,
  topologySpreadConstraints: list,
  initContainers: list,
  extraVolumes: list,
  extraVolumeMounts: list,
  extraObjects: list,
  nameOverride: name,
  fullnameOverride: name,
})
