// The real browser, without a window. It asks nobody but the page's own server: what else it would ask is switched off.
import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a Chromium is on this machine; undefined if there is none. */
export const executable: string | undefined = candidates.find((path) => path !== undefined && existsSync(path))

const quiet = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export function launch(): Promise<Browser> {
  if (executable === undefined)
    throw new Error('no Chromium here: apt-get install chromium, or set CHROMIUM to its path')
  return chromium.launch({ executablePath: executable, args: quiet })
}
