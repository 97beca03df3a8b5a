// `doctor`: what of the set-up can be proven without sending data, and with --canary by sending one marked event to each
// destination. Wiring only: stores, queues, the ledger and exporters know how to be looked at.
import type { Finding } from '../domain/finding.ts'
import { redact } from '../telemetry/redact.ts'
import { examine } from './doctor/examine.ts'
import { type Component, reportOf } from './doctor/report.ts'
import { reportText } from './doctor/text.ts'
import { load } from './load.ts'
import type { DoctorOptions } from './options.ts'
import { version } from './version.ts'

/** How long a canary is waited for and looked for, in milliseconds: Rapid7 and Splunk take most of a minute. */
const PATIENCE_MS = 60_000
/** What still hangs when all is told (a mount, a connection) may hold the process for so long, in milliseconds. */
const LEFTOVER_MS = 2_000

/** Prints what was found. 0 when nothing is wrong, 1 when something is; throws ConfigError. */
export async function doctor({ timeoutMs, canary, ...options }: DoctorOptions): Promise<number> {
  const loaded = await load(options)
  progress('looking…')
  const found = await examine(loaded, { timeoutMs, canary, canaryPatienceMs: PATIENCE_MS })
  progress('')
  const components = found.map((component) => cleaned(component, loaded.secrets))
  const report = reportOf(components, { version: version(), config: loaded.file, now: Date.now() })
  const width = process.stdout.isTTY ? process.stdout.columns : undefined
  console.log(options.json ? JSON.stringify(report, null, 2) : reportText(report, width))
  setTimeout(() => process.exit(), LEFTOVER_MS).unref()
  return report.healthy ? 0 : 1
}

/** On a terminal only, and gone before the report comes. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}

/** Whoever made a finding has left secrets out; here every text is searched once more, as a log line is. */
function cleaned(component: Component, secrets: readonly string[]): Component {
  const findings = component.findings.map(({ level, what, detail, next }): Finding => {
    const clean = (text: string): string => redact(text, secrets)
    return {
      level,
      what: clean(what),
      ...(detail === undefined ? {} : { detail: clean(detail) }),
      ...(next === undefined ? {} : { next: clean(next) }),
    }
  })
  return { ...component, findings }
}
