// A visit to the page: in a window of its own, with whatever the page throws held against the test, and axe at hand.
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Where screenshots are written: SCREENSHOTS, else a folder of the system's for such things. */
export const screenshots: string = process.env['SCREENSHOTS'] ?? join(tmpdir(), 'circleci-audit-forwarder-page')

export interface Look {
  readonly colorScheme?: 'light' | 'dark'
  readonly width?: number
  /** Run in the page before anything of it. */
  readonly before?: string
}

/** Opens the page. What is to be closed when the test ends goes into `open`. */
export async function visit(
  browser: Browser,
  open: { close(): unknown }[],
  url: string,
  { colorScheme = 'light', width = 1280, before }: Look = {},
): Promise<Page> {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 1000 } })
  open.push(context)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  open.push({ close: () => expect(errors).toEqual([]) })
  if (before !== undefined) await page.addInitScript(before)
  await page.goto(url)
  return page
}

/** The state is there. */
export async function ready(page: Page): Promise<void> {
  await page.getByRole('grid').waitFor()
}

/** What axe has against the page as it is now. */
export async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate('axe.run().then(({ violations }) => violations)')
  return (found as { id: string; nodes: { html: string }[] }[]).map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)
}

/** The whole page, as a file `<name>.png`. */
export async function photograph(page: Page, name: string): Promise<void> {
  mkdirSync(screenshots, { recursive: true })
  const path = join(screenshots, `${name}.png`)
  await page.screenshot({ path, fullPage: true })
  console.log(`screenshot: ${path}`)
}
