import { defineConfig } from 'vitest/config'

const conditions = ['@circleci-audit-forwarder/source']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['test/**/*.test.ts', 'exporters/*/test/**/*.test.ts'],
    setupFiles: ['test/tools/eavesdrop.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
})
