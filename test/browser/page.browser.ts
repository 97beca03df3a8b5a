// The page in a real browser, with real clicks and keys, against the real admin server.
import { canary } from '@circleci-audit-forwarder/contract/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AdminServer } from '../../src/admin/admin-server.ts'
import { executable, launch } from './chromium.ts'
import { underPrefix } from './prefix.ts'
import { type Look, ready, violations, visit as visitIn } from './visiting.ts'
import { hours, status } from './world.ts'

let browser: Browser
const open: { close(): unknown }[] = []

if (executable === undefined) console.log('no Chromium here: the page is not tried in a browser')

beforeAll(async () => {
  if (executable !== undefined) browser = await launch()
})
afterAll(() => browser?.close())
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close()
})

interface Told {
  status: () => ReturnType<typeof status>
  hours: () => ReturnType<typeof hours>
  token?: string
}

async function served(told: Partial<Told> = {}): Promise<{ url: string; server: AdminServer }> {
  const server = new AdminServer({ endpoint: '127.0.0.1:0', status, hours, ...told })
  open.push(server)
  return { url: `http://${await server.listen()}`, server }
}

const visit = (url: string, look?: Look): Promise<Page> => visitIn(browser, open, url, look)

describe.skipIf(executable === undefined)('the page', () => {
  test.each(['light', 'dark'] as const)('shows everything, and axe finds nothing, in %s', async (colorScheme) => {
    const page = await visit((await served()).url, { colorScheme })
    await ready(page)
    expect(await page.locator('#verdict').textContent()).toBe('1 critical gap: events are missing, or may be')
    expect(await page.getByRole('article').count()).toBe(2)
    const row = page.getByRole('row').filter({ hasText: 'splunk_hec/soc' }).first()
    for (const part of ['stopped', '401 Unauthorized', '14 objects']) expect(await row.textContent()).toContain(part)
    await page.getByText('All numbers of clickhouse').click()
    await page.getByRole('gridcell').nth(30).click()
    expect(await violations(page)).toEqual([])
  })

  test('asks nobody but its server, and loads in under 100 KB', async () => {
    const { url } = await served()
    const context = await browser.newContext()
    open.push(context)
    const page = await context.newPage()
    const asked: string[] = []
    let bytes = 0
    page.on('response', async (response) => {
      asked.push(response.url())
      if (!response.url().includes('/api/')) bytes += (await response.body()).length
    })
    await page.goto(url)
    await ready(page)
    await page.waitForTimeout(200)
    expect(asked.filter((one) => !one.startsWith(url))).toEqual([])
    expect(asked.length).toBeGreaterThan(5)
    expect(bytes).toBeLessThan(100_000)
  })

  test('works under the path of a proxy', async () => {
    const { url, server } = await underPrefix((await served()).url, '/tools/audit/')
    open.push(server)
    const page = await visit(url)
    await ready(page)
    expect(await page.locator('#verdict').textContent()).toContain('critical gap')
    server.closeAllConnections()
  })

  test('is live without a reload, and leaves open what was opened', async () => {
    let delivered = 1_000
    let gaps: ReturnType<typeof status>['gaps'] | undefined
    const page = await visit((await served({ status: () => status({ delivered, ...(gaps && { gaps }) }) })).url)
    await ready(page)
    await page.getByText('All numbers of clickhouse').click()
    await page.getByText('1,000 records').first().waitFor()
    delivered = 1_234
    gaps = []
    await page.getByText('1,234 records').waitFor()
    expect(await page.locator('#gaps').textContent()).toBe('None.')
    expect(await page.locator('#verdict').textContent()).toBe('1 destination stopped')
    expect(await page.locator('details[open] summary').textContent()).toBe('All numbers of clickhouse')
  })

  test('the calendar is read with keys alone, hour by hour', async () => {
    const page = await visit((await served()).url)
    await ready(page)
    await page.getByLabel('Delivered to').focus()
    await page.keyboard.press('Tab')
    const focused = () => page.evaluate("document.activeElement.getAttribute('data-key')")
    expect(await focused()).toBe('2026-11-03T08:00:00.000Z')
    await page.keyboard.press('ArrowLeft')
    expect(await focused()).toBe('2026-11-03T07:00:00.000Z')
    await page.keyboard.press('ArrowDown')
    expect(await focused()).toBe('2026-11-02T07:00:00.000Z')
    for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowRight')
    const words = await page.locator('#hour').textContent()
    expect(words).toContain('2 November 10:00 UTC: 0 objects, about 14 expected; suspect')
    await page.keyboard.press('Home')
    expect(await focused()).toBe('2026-11-02T00:00:00.000Z')
    expect(await page.locator('#hour').textContent()).toContain('not provable')
  })

  test('colours the hours by one destination, and by receiver', async () => {
    const page = await visit((await served()).url)
    await ready(page)
    const looks = (look: string) => page.locator(`#calendar td[data-look="${look}"]`).count()
    expect([await looks('suspect'), await looks('behind'), await looks('lost')]).toEqual([3, 14, 1])
    await page.getByLabel('Delivered to').selectOption('clickhouse')
    expect([await looks('suspect'), await looks('behind'), await looks('lost')]).toEqual([3, 0, 0])
    await page.getByLabel('Receiver').selectOption('circleci_audit/eu')
    expect(await page.getByRole('grid').getAttribute('aria-label')).toBe('Hours of circleci_audit/eu, in UTC')
    expect(await page.getByLabel('Delivered to').inputValue()).toBe('')
  })

  test('says so when the forwarder no longer answers', async () => {
    const { url, server } = await served()
    const page = await visit(url)
    await ready(page)
    await server.close()
    await page.getByText('The forwarder does not answer').waitFor()
    expect(await page.locator('#verdict').textContent()).toMatch(/What stands below is \d+ seconds? old\.$/)
  })

  test('with a token shows nothing before it is given, and keeps it in no address', async () => {
    const token = canary('page-token')
    const { url } = await served({ token })
    expect((await fetch(`${url}/api/hours`)).status).toBe(401)
    const page = await visit(url)
    await page.getByLabel('Token').fill('wrong')
    await page.getByRole('button', { name: 'Show the state' }).click()
    await page.getByText('does not know this token').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByLabel('Token').fill(token)
    await page.keyboard.press('Enter')
    await ready(page)
    expect(page.url()).not.toContain(token)
    expect(await page.content()).not.toContain(token)
  })

  test('fits a narrow window without scrolling sideways', async () => {
    const page = await visit((await served()).url, { width: 420 })
    await ready(page)
    const wider = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
    expect(await page.evaluate(wider)).toBeLessThanOrEqual(0)
  })
})
