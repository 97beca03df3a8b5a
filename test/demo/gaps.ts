// What the demo's gaps are seen in: the command, what the page shows, and the alarm as Splunk would find it.
import type { StatusDocument } from '../../src/admin/status.ts'
import { alarmSearch, openSearch } from '../docs/searches.ts'
import type { Destination } from '../e2e/stage/destination.ts'
import type { Scene } from '../e2e/stage/scene.ts'
import { type Envelope, searchSplunk } from '../tools/siem/splunk.ts'
import type { Calendar } from './calendar.ts'

export type ShownGap = StatusDocument['gaps'][number]

export interface Places {
  readonly scene: Scene
  readonly splunk: Destination
  readonly calendar: Calendar
}

/** Gaps that the page shows, those that were closed lately among them. */
export async function gapsOnPage({ scene }: Places): Promise<readonly ShownGap[]> {
  const { status, body } = await scene.page(`${scene.adminUrl}/api/status`)
  if (status !== 200) throw new Error(`the page's status answers ${status}`)
  return (JSON.parse(body) as StatusDocument).gaps
}

/** Where a gap that is open can be seen, as the words that say so. */
export async function seenIn(places: Places, { id, kind }: ShownGap): Promise<readonly string[]> {
  const listed = await gapsListed(places)
  const page = await gapsOnPage(places)
  const { calendar, splunk } = places
  const own = await splunk.own<Envelope>()
  const alarms = searchSplunk(alarmSearch('Splunk'), own, calendar.now())
  const open = searchSplunk(openSearch('spl'), own, calendar.now())
  const seen: readonly (readonly [string, boolean])[] = [
    ['gaps list', listed.some((gap) => gap.id === id && gap.state === 'open')],
    ['page', page.some((gap) => gap.id === id && gap.state === 'open')],
    ['alarm', alarms.some((row) => row['attributes.circleci_audit_forwarder.gap_id'] === id)],
    ['search for what is open', open.some((row) => row['own.gap_id'] === id && row['own.gap_kind'] === kind)],
  ]
  return seen.flatMap(([where, is]) => (is ? [where] : []))
}

/** What `gaps` prints, beside the running forwarder. */
async function gapsListed({ scene, calendar }: Places): Promise<readonly ShownGap[]> {
  const command = scene.start(['gaps', '--json'], calendar.launch)
  await command.mustExit(0)
  return (JSON.parse(command.stdout) as { readonly gaps: readonly ShownGap[] }).gaps
}
