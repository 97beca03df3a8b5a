// Writes to a standard output that nobody reads and reports on standard error what the exporter made of it.
import { text } from 'node:stream/consumers'
import { auditRecord } from '@circleci-audit-forwarder/contract/testing'
import { ConsoleExporter } from '../src/index.ts'

await text(process.stdin)
const exporter = new ConsoleExporter()
const signal = new AbortController().signal
const outcome = await exporter.send({ members: [exporter.encode(auditRecord())], token: 't', now: 0 }, signal)
process.stderr.write(`${JSON.stringify(outcome)}\n`)
process.stderr.write(`${JSON.stringify(await exporter.check(signal))}\n`)
await exporter.close()
