// Suites that take long, apart from the rest so that `npm test` stays under four minutes: `npm run test:slow`.
import { defineConfig } from 'vitest/config'
import base from '../vitest.config.ts'

const include = ['test/**/*.slow.test.ts', 'exporters/*/test/**/*.slow.test.ts']

export default defineConfig({ ...base, test: { ...base.test, include, exclude: ['**/node_modules/**'] } })
