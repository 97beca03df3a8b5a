// One object of a gigabyte and two destinations, one of which takes connections and never answers. The other must get
// every event, and the memory of the process must stay bounded by its settings, not by the object. What is measured here
// is what deploy/ gives the forwarder: its limits are 1.5 times these ceilings.
import { once } from 'node:events'
import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { finished } from 'node:stream/promises'
import { type Case, type Figures, inScene, must, type Size, seconds } from '../stage/case.ts'
import { keyOf } from '../stage/corpus.ts'
import { otlp } from '../stage/exporters.ts'
import type { Scene } from '../stage/scene.ts'
import { mustBeWhole } from '../stage/tally.ts'

const GIB = 1024 ** 3
const MIB = 1024 ** 2
/** What the program would hold of an object of this size, were memory not bounded, is above either ceiling. */
const SMALL = 40 * MIB

export interface Settings {
  /** Bytes of the object at full size. */
  readonly bytes: number
  readonly service: Readonly<Record<string, unknown>>
  /** Resident memory at its highest, in bytes. */
  readonly ceiling: number
}

/** With the program's defaults. */
export const large: Settings = { bytes: GIB, service: {}, ceiling: 300_000_000 }
/** With the memory that deploy/sidecar gives it. */
export const sidecar: Settings = {
  bytes: GIB / 4,
  service: { memory: { cache: '4MiB', exporter: '4MiB' } },
  ceiling: 288 * MIB,
}

export const stalledGigabyte: Case = inScene('stalled-1gb', (scene, size) => play(scene, size, large))
export const stalledSidecar: Case = inScene('stalled-sidecar', (scene, size) => play(scene, size, sidecar))

async function play(scene: Scene, size: Size, settings: Settings): Promise<Figures> {
  const bytes = size === 'full' ? settings.bytes : SMALL
  const wanted = await write(scene, bytes)
  const receiver = await scene.putInFolder([])
  const [collector, stalled] = [await scene.destination('otlp'), await scene.destination('otlp')]
  await stalled.behave({ kind: 'hang' })
  const exporters = {
    'otlp_http/good': otlp(collector, 1_000),
    'otlp_http/stalled': otlp(stalled, 1_000, { timeout: '10s' }),
  }
  await scene.configure({ receiver, exporters, service: { ...settings.service, stop_timeout: '1s' } })
  const forwarder = scene.start()
  const begun = performance.now()
  const whole = async (): Promise<boolean> => (await collector.records()) >= wanted.length
  await forwarder.until('the other destination has everything', whole, 600_000)
  const took = performance.now() - begun
  const peak = forwarder.peakBytes()
  const requests = await stalled.requests()
  await forwarder.stop()
  await forwarder.mustExit(0)
  mustBeWhole('otlp_http/good', wanted, await collector.ids())
  must(requests > 0, 'the stalled destination was never asked')
  must(peak <= settings.ceiling, `peak memory was ${Math.round(peak / MIB)} MiB`)
  const rate = Math.round(wanted.length / (took / 1000))
  const object = `${Math.round(bytes / MIB)}MiB`
  return {
    object,
    events: wanted.length,
    peakMiB: Math.round(peak / MIB),
    seconds: seconds(took),
    eventsPerSecond: rate,
  }
}

/** Writes the object, piece by piece. Returns its ids. */
async function write(scene: Scene, bytes: number): Promise<readonly string[]> {
  const at = Date.now() - 600_000
  const path = join(scene.folder, 'bucket', keyOf(at, 'large'))
  mkdirSync(dirname(path), { recursive: true })
  const stream = createWriteStream(path)
  const ids: string[] = []
  for (let written = 0; written < bytes; ) {
    const lines = Array.from({ length: 1_000 }, (_, index) => scene.corpus.line(at - index))
    const text = lines.map((line) => `${line.text}\n`).join('')
    for (const { id } of lines) ids.push(id)
    written += text.length
    if (!stream.write(text)) await once(stream, 'drain')
  }
  stream.end()
  await finished(stream)
  return ids
}
