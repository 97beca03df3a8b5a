// Writes dashboard.json (`npm run dashboard`).
import { writeFileSync } from 'node:fs'
import { dashboard } from './dashboard.ts'

writeFileSync(new URL('dashboard.json', import.meta.url), `${JSON.stringify(dashboard, undefined, 2)}\n`)
