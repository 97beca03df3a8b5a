// The program in the README of every package, a stock OpenTelemetry JS application: run as it stands there, in a process of
// its own, on the packages as they are published and on both generations of OpenTelemetry's SDK, against the vendor's
// fake. Only the address is another.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { textOf } from './checkout.ts'
import { folders, manifestOf, Published } from './published.ts'
import { type Place, placeFor } from './readme-destinations.ts'

const run = promisify(execFile)
const stock = "'@opentelemetry/sdk-logs'"
const previous = 'otel-sdk-logs-0.2xx'
let published: Published

beforeAll(() => {
  published = new Published()
  for (const { dependencies = {} } of folders.map(manifestOf))
    for (const name of Object.keys(dependencies)) published.install(name)
  for (const name of ['@opentelemetry/sdk-logs', previous]) published.install(name)
}, 300_000)
afterAll(() => published.remove(), 120_000)

/** The block of a README that makes a LoggerProvider. */
function programIn(folder: string): string {
  const blocks = [...textOf(`exporters/${folder}/README.md`).matchAll(/^```ts\n([\s\S]*?)^```$/gm)]
  const programs = blocks.map(([, text = '']) => text).filter((text) => text.includes('new LoggerProvider('))
  if (programs.length !== 1) throw new Error(`${programs.length} applications in the README of ${folder}`)
  return programs[0] ?? ''
}

describe.each(folders)('%s', (folder) => {
  test.each([
    ['3.x', (program: string) => program],
    ['0.2xx', (program: string) => program.replace(stock, `'${previous}'`)],
  ])(
    'its README shows an application on SDK %s, and what that emits arrives',
    async (generation, changed) => {
      const program = programIn(folder)
      expect(program).toContain(stock)
      const place = await placeFor(folder)
      try {
        const file = `${folder}-${generation}.mjs`
        writeFileSync(join(published.consumer, file), place.aimed(changed(program)))
        const stored = JSON.stringify(place.stored(await outputOf(file, place)))
        expect(stored).toContain('hello')
        expect(stored).toContain('user.login')
      } finally {
        await place.close()
      }
    },
    60_000,
  )
})

/** Rejects where the program fails, or says that something failed. */
async function outputOf(file: string, { env }: Place): Promise<string> {
  const options = { cwd: published.consumer, env: { PATH: process.env['PATH'], ...env }, timeout: 30_000 }
  const { stdout, stderr } = await run(process.execPath, [file], options)
  return stdout + stderr
}
