// The sidecar's manifests: what Kubernetes and the `restricted` standard accept, and in step with the program.
import { dirname } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectFiles } from '../docs/checkout.ts'
import { loaded } from '../docs/loading.ts'
import { problemsOf } from './kubernetes.ts'
import { type Container, type Manifest, manifestsOf, podOf } from './manifests.ts'
import { refusals } from './restricted.ts'

const files = projectFiles().filter((path) => /^deploy\/sidecar\/.*\.yaml$/.test(path))

test('Kubernetes takes every object, and knows every property', async () => {
  expect(files.length).toBe(3)
  expect(await problemsOf(files.flatMap(manifestsOf))).toEqual([])
})

describe.each(files)('%s', (file) => {
  const objects = manifestsOf(file).map(({ object }) => object)
  const workload = objects.find((object) => object.kind !== 'Pod' && podOf(object) !== undefined) as Manifest
  const pod = podOf(workload)!
  const sidecar = pod.initContainers?.find(({ name }) => name === 'forwarder') as Container
  const config = objects.find(({ metadata: { name } }) => name === 'audit-forwarder')?.data?.['config.yaml'] ?? ''

  test('the pod passes the restricted standard', () => {
    expect(refusals(pod)).toEqual([])
  })

  test('the forwarder is a sidecar, alone or with a checkpoint, in a pod which waits for its end', async () => {
    expect(sidecar.restartPolicy).toBe('Always')
    const { service } = await loaded(config)
    const { replicas } = workload.spec as { readonly replicas: number }
    expect(replicas > 1).toBe(service.checkpoint !== undefined)
    expect(pod.terminationGracePeriodSeconds! * 1000).toBeGreaterThan(service.stop_timeout)
  })

  test('its configuration is one that works, and fits the pod', async () => {
    const { service, exporters } = await loaded(config)
    const { host, port } = service.telemetry.metrics.endpoint
    expect([host, sidecar.ports?.[0]?.containerPort]).toEqual(['0.0.0.0', port])
    const ledger = sidecar.volumeMounts?.find(({ name }) => name === 'audit-ledger')
    expect(ledger?.mountPath).toBe(dirname(service.ledger.sqlite!.path))
    expect(/"audit-ledger","emptyDir"/.test(JSON.stringify(workload.spec))).toBe(service.checkpoint !== undefined)
    expect(Object.keys(exporters)).toHaveLength(1)
  })
})
