import { defineConfig } from 'vitest/config'

const conditions = ['@circleci-audit-forwarder/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts', 'exporters/*/test/**/*.test.ts'],
    // `npm run test:slow`: the real ClickHouse engine at length, and packages that are packed and installed.
    exclude: ['**/node_modules/**', '**/*.slow.test.ts'],
    setupFiles: ['test/tools/eavesdrop.ts'],
    pool: 'forks',
    // One more than cores: much of a test's time is waiting for processes, sockets and disks.
    maxWorkers: 3,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
