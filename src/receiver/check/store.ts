// What can be proven about a store: that it can be listed, that its newest object can be read and is what it should be,
// that its clock and its objects' times make sense; then what only this kind of store can tell. All of it side by side,
// always told in the same order.
import { type Finding, failedFinding } from '../../domain/finding.ts'
import { objectTime, type Sighting } from '../../domain/objects.ts'
import { count, duration } from '../../telemetry/units.ts'
import type { InspectedStore, Inspection } from '../inspection.ts'
import { DAYS, type Found, findNewest } from './newest.ts'
import { readingFinding } from './reading.ts'
import { betterPrefix } from './surroundings.ts'

const SKEW_MAX_MS = 5 * 60_000
/** An organisation that builds at all writes something every day. */
const SILENCE_MS = 86_400_000

/** `now` is this machine's clock. Never rejects for what the store answers. */
export async function checkStore(
  store: InspectedStore,
  now: () => number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const inspection = store.inspection()
  const [objects, particulars] = await Promise.all([
    checkObjects(store, inspection, now, signal),
    inspection.particulars(signal),
  ])
  return [...objects, ...particulars]
}

async function checkObjects(
  store: InspectedStore,
  inspection: Inspection,
  now: () => number,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const what = `objects under ${place(store)} can be listed`
  let found: Found
  try {
    found = await findNewest(store, now, signal)
  } catch (error) {
    return [failedFinding(what, error)]
  }
  const listed: Finding = { level: 'ok', what }
  const clock = clockFindings(found, inspection)
  if (found.newest === undefined) return [listed, await whyNothing(store, inspection, found, signal), ...clock]
  const reading = await readingFinding(store, found.newest, signal)
  return [listed, reading, ageFinding(found.newest, now() + (found.skewMs ?? 0)), ...clock]
}

function place({ uri, prefix }: InspectedStore): string {
  return prefix === '' ? uri : `${uri}/${prefix}`
}

async function whyNothing(
  store: InspectedStore,
  inspection: Inspection,
  found: Found,
  signal: AbortSignal,
): Promise<Finding> {
  const what = `audit objects lie under ${place(store)}`
  const elsewhere = found.misplaced ?? (await near(store, inspection, signal))
  if (typeof elsewhere === 'string') {
    const detail = `there are none; they lie under ${elsewhere === '' ? 'no prefix' : elsewhere}`
    return { level: 'error', what, detail, next: `set ${inspection.prefixSetting}: "${elsewhere}"` }
  }
  const next = `compare bucket and ${inspection.prefixSetting} with what CircleCI shows under Organization Settings > Security > Audit Logs`
  if (found.foreign > 0) {
    const example = `${count(found.foreign, 'object')} there, none in CircleCI's layout, e.g. ${found.example}`
    return { level: 'error', what, detail: example + blind(elsewhere), next }
  }
  if (found.probe) {
    const detail = "CircleCI's connectivity probe is there: streaming was set up here, and has written nothing yet"
    return { level: 'warning', what, detail }
  }
  return { level: 'warning', what, detail: `nothing lies there${blind(elsewhere)}`, next }
}

/** Undefined: looked, nothing there. An Error: could not look. */
async function near(
  { prefix }: InspectedStore,
  inspection: Inspection,
  signal: AbortSignal,
): Promise<string | Error | undefined> {
  try {
    return await betterPrefix(inspection, prefix, signal)
  } catch (error) {
    return error as Error
  }
}

function blind(elsewhere: Error | undefined): string {
  return elsewhere === undefined ? '' : '; what lies around the prefix may not be looked at'
}

/** `storeNow` is the store's clock. */
function ageFinding(newest: Sighting, storeNow: number): Finding {
  const what = 'CircleCI keeps writing'
  const time = objectTime(newest)
  const stamp = new Date(time).toISOString().replace('.000', '')
  if (time > storeNow + SKEW_MAX_MS) {
    const detail = `the newest object is stamped ${stamp}, ${duration(time - storeNow)} ahead of the store's clock`
    return { level: 'warning', what, detail, next: 'find out who wrote it: watermarks follow these stamps' }
  }
  const detail = `the newest object is of ${stamp}, ${duration(Math.max(0, storeNow - time))} ago`
  if (storeNow - time <= SILENCE_MS) return { level: 'ok', what, detail }
  const older = storeNow - time > DAYS * SILENCE_MS ? '; there may be newer ones' : ''
  const next =
    'see under Organization Settings > Security > Audit Logs in CircleCI whether streaming is connected, and its last delivery'
  return { level: 'warning', what, detail: detail + older, next }
}

function clockFindings({ skewMs }: Found, { ownClock }: Inspection): readonly Finding[] {
  if (!ownClock) return []
  const what = "this machine's clock agrees with the store's"
  if (skewMs === undefined) return [{ level: 'unknown', what, detail: 'the store does not tell its time' }]
  const apart = `${duration(Math.abs(skewMs))} apart`
  if (Math.abs(skewMs) <= SKEW_MAX_MS) return [{ level: 'ok', what }]
  return [{ level: 'warning', what, detail: apart, next: 'set the clock by NTP: start_at and sweeps depend on it' }]
}
