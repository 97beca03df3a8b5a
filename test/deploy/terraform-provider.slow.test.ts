// The Terraform module with the AWS provider: valid, and plans what it says it does, without an account. The provider comes
// from HashiCorp's registry or a mirror that the terraform at hand is told of (TF_CLI_CONFIG_FILE); where it cannot be
// had, that is said and nothing is validated.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const module = join(import.meta.dirname, '../../deploy/terraform/aws')
const installed = spawnSync('terraform', ['version']).error === undefined
const folder = mkdtempSync(join(tmpdir(), 'terraform-provider-'))
// One copy of the provider for module and examples: it is large.
const env = { ...process.env, CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1', TF_PLUGIN_CACHE_DIR: folder }

afterAll(() => rmSync(folder, { recursive: true }))

function terraform(cwd: string, ...args: readonly string[]): string {
  return execFileSync('terraform', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

/** What stands in the way of the provider; only what is not the module's fault. */
function initialised(cwd: string): string | undefined {
  const args = ['init', '-backend=false', '-no-color', '-input=false']
  const { status, stderr } = spawnSync('terraform', args, { cwd, env, encoding: 'utf8' })
  if (status === 0) return undefined
  if (/could not connect to|no such host|timeout|Failed to (?:query available|install) provider/i.test(stderr)) {
    return stderr.trim()
  }
  throw new Error(stderr)
}

describe.skipIf(!installed)(
  'the Terraform module with the AWS provider (skipped where terraform is not installed)',
  () => {
    const copy = join(folder, 'module')
    let missing: string | undefined

    beforeAll(() => {
      cpSync(module, copy, { recursive: true })
      missing = initialised(copy)
      if (missing !== undefined) console.warn(`the AWS provider cannot be had, so nothing is validated: ${missing}`)
    }, 600_000)

    test.for(['.', 'examples/new-bucket', 'examples/existing-bucket'])('%s is valid', (path, context) => {
      if (missing !== undefined) return context.skip('the AWS provider cannot be had')
      const cwd = join(copy, path)
      expect(initialised(cwd)).toBeUndefined()
      const { valid, diagnostics } = JSON.parse(terraform(cwd, 'validate', '-json')) as {
        valid: boolean
        diagnostics: unknown[]
      }
      expect({ valid, diagnostics }).toEqual({ valid: true, diagnostics: [] })
    })

    test('plans what it says it does, without an account', (context) => {
      if (missing !== undefined) return context.skip('the AWS provider cannot be had')
      expect(terraform(copy, 'test', '-no-color')).toMatch(/Success! \d+ passed, 0 failed\./)
    }, 600_000)
  },
)
