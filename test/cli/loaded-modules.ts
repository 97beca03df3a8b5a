// Preloaded into the program by a test: writes down every module that is loaded, and how many bytes they are together.
import { statSync, writeFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const loaded: string[] = []
registerHooks({
  load(url, context, next) {
    loaded.push(url)
    return next(url, context)
  },
})

process.on('exit', () => {
  const files = [...new Set(loaded)].filter((url) => url.startsWith('file:'))
  const bytes = files.reduce((sum, url) => sum + statSync(new URL(url)).size, 0)
  writeFileSync(process.env['LOADED_MODULES'] as string, JSON.stringify({ loaded, bytes }))
})
