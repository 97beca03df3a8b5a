// The page of a real forwarder, in a real browser: what it shows is what the program's other doors say, whatever can be
// clicked does what it promises, and it goes on by itself when something changes. The tests are one story, in order.
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { StatusDocument } from '../../src/admin/status.ts'
import { executable, launch } from './chromium.ts'
import { Running } from './running.ts'
import { type Look, photograph, ready, violations, visit as visitIn } from './visiting.ts'

const HOUR = 3_600_000
const LONG = 120_000

let browser: Browser
let running: Running
const open: { close(): unknown }[] = []

beforeAll(async () => {
  if (executable === undefined) return
  browser = await launch()
  running = await Running.start()
}, LONG)
afterAll(async () => {
  await browser?.close()
  await running?.close()
}, LONG)
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

const visit = async (look?: Look): Promise<Page> => {
  const page = await visitIn(browser, open, running.url, look)
  await ready(page)
  return page
}

const rowOf = (page: Page, destination: string): Locator =>
  page.locator('#destinations tbody').filter({ has: page.getByRole('rowheader', { name: destination }) })

/** The number behind a name in the details of a destination. */
async function fact(row: Locator, name: string): Promise<string> {
  const found = row.locator(`dt:text-is("${name}") + dd`)
  return (await found.textContent()) ?? ''
}

async function status(): Promise<StatusDocument> {
  const found = await running.status()
  if (found === undefined) throw new Error('the forwarder does not answer')
  return found
}

/** Keeps every status that the page was told. */
const remembering = `window.told = []
const asked = window.fetch
window.fetch = async (...given) => {
  const answer = await asked(...given)
  if (String(given[0]).endsWith('api/status')) window.told.push(await answer.clone().json())
  return answer
}`

/** The rate that the page shows of a destination, and what it may be by the last two states that the page was told. */
async function rates(page: Page, id: string): Promise<{ readonly shown: string; readonly right: readonly string[] }> {
  const cell = `[...document.querySelectorAll('#destinations tbody tr:first-child')].find((row) => row.cells[0].textContent.startsWith('${id}'))`
  const seen = await page.evaluate(`({ told: window.told, shown: ${cell}.cells[5].textContent })`)
  const { told, shown } = seen as { readonly told: readonly StatusDocument[]; readonly shown: string }
  const points = told.map(({ at, destinations }) => {
    return { at: Date.parse(at), delivered: destinations.find((one) => one.id === id)?.delivered ?? 0 }
  })
  return { shown, right: [points, points.slice(0, -1)].map(rateOf) }
}

/** Over the last minute, or what there is of it. */
function rateOf(points: readonly { readonly at: number; readonly delivered: number }[]): string {
  const last = points.at(-1)
  const first = points.findLast(({ at }) => (last?.at ?? 0) - at >= 60_000) ?? points[0]
  if (first === undefined || last === undefined) return '–'
  return `${Math.round(((last.delivered - first.delivered) * 60_000) / (last.at - first.at))}/min`
}

const hourOf = (at: number): string => new Date(Math.floor(at / HOUR) * HOUR).toISOString()

describe.skipIf(executable === undefined)('the page of a running forwarder', { timeout: LONG }, () => {
  test('shows each destination as the API and the metrics have it', async () => {
    const page = await visit()
    expect(await page.locator('#verdict').textContent()).toBe('1 critical gap: events are missing, or may be')
    const { destinations } = await status()
    expect(destinations.map(({ id, state }) => [id, state])).toEqual([
      ['otlp_http', 'idle'],
      ['file', 'idle'],
      ['splunk_hec/soc', 'stopped'],
    ])
    for (const { id, state, outstanding, delivered, lateTotal, lastDelivery } of destinations) {
      const row = rowOf(page, id)
      expect(await row.locator('.state').textContent()).toBe(state)
      await row.getByText(`All numbers of ${id}`).click()
      expect(await fact(row, 'Delivered')).toBe(`${delivered.toLocaleString('en')} records`)
      expect(await fact(row, 'Late objects, ever')).toBe(String(lateTotal))
      expect(await fact(row, 'Last delivery')).toContain(lastDelivery?.key ?? '–')
      const labels = `{destination="${id}",receiver="circleci_audit"}`
      expect(await running.metric(`outstanding_objects${labels}`)).toBe(outstanding.objects)
    }
    const stopped = await rowOf(page, 'splunk_hec/soc').textContent()
    for (const part of ['check its credentials', 'Invalid token (code 4)', 'Stopped since', 'Oldest outstanding']) {
      expect(stopped).toContain(part)
    }
  })

  test('shows the gap with what to do next, and where it lies in the calendar', async () => {
    const page = await visit()
    const [gap] = (await status()).gaps.filter(({ state }) => state === 'open')
    const article = page.getByRole('article', { name: 'hour_missing, circleci_audit' })
    expect(await article.textContent()).toContain(gap?.evidence)
    expect(await article.textContent()).toContain(gap?.next)
    await article.getByText('Details').click()
    expect(await article.locator('dt:text-is("Id") + dd').textContent()).toBe(gap?.id)
    const look = (at: number) => page.locator(`[data-key="${hourOf(at)}"]`).getAttribute('data-look')
    const { from, to } = running.hole
    expect(await look((from + to) / 2)).toBe('suspect')
    // Everything waits for the destination that is stopped; to the others it is there, and proven.
    expect(await look(from - 2 * HOUR)).toBe('behind')
    await page.getByLabel('Delivered to').selectOption('file')
    expect(await look(from - 2 * HOUR)).toBe('complete')
    expect(await look((from + to) / 2)).toBe('suspect')
    await page.getByLabel('Delivered to').selectOption('splunk_hec/soc')
    expect(await look(from - 2 * HOUR)).toBe('behind')
  })

  test('says of an hour what is known of it, by click and by key', async () => {
    const page = await visit()
    const middle = (running.hole.from + running.hole.to) / 2
    await page.locator(`[data-key="${hourOf(middle)}"]`).click()
    expect(await page.locator('#hour').textContent()).toMatch(/UTC: 0 objects, about \d+ expected; suspect/)
    await page.keyboard.press('ArrowLeft')
    expect(await page.evaluate("document.activeElement.getAttribute('data-key')")).toBe(hourOf(middle - HOUR))
    await page.locator(`[data-key="${hourOf(running.hole.from - 2 * HOUR)}"]`).click()
    const words = await page.locator('#hour').textContent()
    expect(words).toMatch(/UTC: \d+ objects, about \d+ expected; not delivered yet/)
    expect(words).toContain('objects outstanding for splunk_hec/soc.')
    await page.getByText('Shortest silence that is told').click()
    expect(await page.locator('#silences dl').textContent()).toMatch(/\d+ (min|h)/)
  })

  test.each(['light', 'dark'] as const)('axe finds nothing in %s, closed and opened', async (colorScheme) => {
    const page = await visit({ colorScheme })
    expect(await violations(page)).toEqual([])
    await page.getByLabel('Delivered to').selectOption('file')
    await photograph(page, `page-${colorScheme}`)
    await page.getByLabel('Delivered to').selectOption('')
    for (const summary of await page.locator('summary').all()) await summary.click()
    await page.locator(`[data-key="${hourOf(running.hole.from)}"]`).click()
    expect(await violations(page)).toEqual([])
    await photograph(page, `page-${colorScheme}-opened`)
  })

  test('goes on by itself: the rate, what came late, and a destination that is mended', async () => {
    const page = await visit({ before: remembering })
    const file = rowOf(page, 'file')
    await file.getByText('All numbers of file').click()
    const before = (await status()).destinations.find(({ id }) => id === 'file')
    const counter = 'records_delivered_total{destination="file"}'
    const counted = await running.metric(counter)
    // Below the watermark, and outside the hole.
    const late = running.put(running.hole.to + HOUR, 30)
    await file.locator('dt:text-is("Late objects, ever") + dd:text-is("1")').waitFor({ timeout: LONG })
    const delivered = (before?.delivered ?? 0) + late.ids.length
    await file.locator(`dt:text-is("Delivered") + dd:text-is("${delivered.toLocaleString('en')} records")`).waitFor()
    expect(await running.metric('objects_late_total{receiver="circleci_audit"}')).toBe(1)
    expect(await running.metric(counter)).toBe(counted + late.ids.length)
    expect(await fact(file, 'Last delivery')).toContain(late.key)
    await expect.poll(async () => (await rates(page, 'file')).shown, { timeout: LONG }).not.toBe('–')
    const { shown, right } = await rates(page, 'file')
    expect(right).toContain(shown)
    expect(shown).not.toBe('0/min')

    await running.refusing.behave({ kind: 'accept' })
    const mended = rowOf(page, 'splunk_hec/soc')
    await mended.locator('.state[data-state="idle"]').waitFor({ timeout: LONG })
    expect(await mended.textContent()).toContain('everything known is settled')
    expect(await running.refusing.records()).toBe(delivered)
    expect(await page.locator('#verdict').textContent()).toBe('1 critical gap: events are missing, or may be')
  })
})
