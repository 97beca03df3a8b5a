// Suites that need a browser, apart from the rest: `npm run test:browser`.
import { defineConfig, mergeConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: ['test/browser/**/*.browser.ts'] } }),
)
