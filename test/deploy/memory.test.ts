// What deploy/ gives the forwarder is 1.5 times what it was measured to need at its highest: the end-to-end cases hold the
// ceilings (`npm run e2e -- stalled-1gb stalled-sidecar`, the second in CI), and this holds the limits to them, and to
// the figures that docs/guides/sizing.md says were measured.
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { textOf } from '../docs/checkout.ts'
import { large, type Settings, sidecar, stalledGigabyte, stalledSidecar } from '../e2e/cases/stalled-gigabyte.ts'
import { renderedObjects } from './chart.ts'
import { type Container, manifestsOf, podOf } from './manifests.ts'

const units: Readonly<Record<string, number>> = { Mi: 2 ** 20, M: 2 ** 20, m: 2 ** 20 }

/** Bytes of a quantity as Kubernetes, systemd or Compose writes it. */
function bytesOf(quantity: string | undefined): number {
  const [, number, unit = ''] = /^(\d+)([A-Za-z]+)$/.exec(quantity ?? '') ?? []
  return Number(number) * (units[unit] ?? Number.NaN)
}

function forwarderIn(file: string): Container | undefined {
  const pods = manifestsOf(file).flatMap(({ object }) => podOf(object) ?? [])
  return pods.flatMap(({ initContainers = [] }) => initContainers).find(({ name }) => name === 'forwarder')
}

function ofTheChart(): Container {
  const pods = renderedObjects('minimal').flatMap(({ object }) => podOf(object) ?? [])
  return pods.flatMap(({ containers }) => containers).find(({ name }) => name === 'forwarder')!
}

test.each<readonly [string, Settings, string, Container | undefined]>([
  [stalledGigabyte.name, large, 'deploy/helm/circleci-audit-forwarder', ofTheChart()],
  [stalledSidecar.name, sidecar, 'deploy/sidecar', forwarderIn('deploy/sidecar/beside-collector.yaml')],
])('pages say what %s measured, and a limit of 1.5 times that', (name, { ceiling }, folder, container) => {
  const lines = textOf('docs/guides/sizing.md').split('\n')
  const row = lines.find((line) => line.includes(`npm run e2e -- ${name}`))
  const [, highest, limit] = /\| (\d+) MiB \| (\d+) MiB\b/.exec(row ?? '') ?? []
  expect(textOf(`${folder}/README.md`)).toContain(` ${highest} MiB `)
  expect(`${limit}Mi`).toBe(container?.resources?.limits?.['memory'])
  expect(bytesOf(`${limit}Mi`)).toBeGreaterThanOrEqual(1.5 * bytesOf(`${highest}Mi`))
  // One that the case would not pass with was not measured by it.
  expect(bytesOf(`${highest}Mi`)).toBeLessThanOrEqual(ceiling)
})

test('the chart', () => {
  const { limits, requests } = ofTheChart().resources!
  expect(bytesOf(limits?.['memory'])).toBeGreaterThanOrEqual(1.5 * large.ceiling)
  expect(bytesOf(requests?.['memory'])).toBeGreaterThanOrEqual(large.ceiling)
})

test('Compose and systemd', () => {
  const { services } = parse(textOf('deploy/docker/compose.yaml'), { merge: true })
  expect(bytesOf(services.forwarder.mem_limit)).toBeGreaterThanOrEqual(1.5 * large.ceiling)
  const [, unit] = /^MemoryMax=(.*)$/m.exec(textOf('deploy/systemd/circleci-audit-forwarder.service')) ?? []
  expect(bytesOf(unit)).toBeGreaterThanOrEqual(1.5 * large.ceiling)
})

const page = textOf('deploy/sidecar/README.md')
const measured = bytesOf(`${/([0-9]+) MiB at its highest/.exec(page)?.[1]}Mi`)
const copying = bytesOf(`${/checkpoint takes ([0-9]+) MiB more/.exec(page)?.[1]}Mi`)

test.each([
  ['beside-collector', sidecar.ceiling],
  ['beside-any-app', sidecar.ceiling],
  // No case holds a stalled destination and a copy at once: what was measured of each, together.
  ['beside-replicas', measured + copying],
])('the sidecar %s, with the memory that was measured', (name, highest) => {
  const file = `deploy/sidecar/${name}.yaml`
  const { limits } = forwarderIn(file)?.resources ?? {}
  expect(bytesOf(limits?.['memory'])).toBeGreaterThanOrEqual(1.5 * highest)
  const texts = manifestsOf(file).flatMap(({ object }) => object.data?.['config.yaml'] ?? [])
  const services = texts.map((text) => parse(text).service)
  expect(services).toContainEqual(expect.objectContaining(sidecar.service))
})
