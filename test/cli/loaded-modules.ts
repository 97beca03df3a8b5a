// Preloaded into the program by a test: writes down every module that is loaded, and at the end how much memory was taken.
import { writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  load(url, context, next) {
    loaded.push(url)
    return next(url, context)
  },
})

process.on('exit', () => {
  const memory = process.resourceUsage().maxRSS / 1024
  writeFileSync(process.env['LOADED_MODULES'] as string, JSON.stringify({ loaded, memory }))
})
