// Preloaded into a measured process: at its end it writes what it used.
import { writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const wallMs = performance.now()
  const path = process.env['BENCH_USAGE']
  if (path !== undefined)
    writeFileSync(path, JSON.stringify({ cpuUs: userCPUTime + systemCPUTime, peakMiB: maxRSS / 1024, wallMs }))
})
