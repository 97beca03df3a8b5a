// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${{ }} is the language of workflows
// What a release is made of: one version everywhere, licences that allow it, and a workflow whose steps are there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { root, textOf } from './checkout.ts'
import { folders, manifestOf } from './published.ts'

interface Locked {
  readonly version?: string
  readonly link?: boolean
  readonly dev?: boolean
}

const manifest = JSON.parse(textOf('package.json'))
const lock = JSON.parse(textOf('package-lock.json')) as { readonly packages: Readonly<Record<string, Locked>> }

test('every package and the chart have one version, and the changelog knows it', () => {
  const { version } = manifest
  for (const folder of folders) {
    const {
      name,
      dependencies = {},
      ...rest
    } = manifestOf(folder) as { version?: string } & ReturnType<typeof manifestOf>
    expect(rest.version, name).toBe(version)
    const ours = Object.entries(dependencies).filter(([other]) => other.startsWith('@circleci-audit-forwarder/'))
    expect(ours.filter(([, wanted]) => wanted !== version)).toEqual([])
  }
  const chart = parse(textOf('deploy/helm/circleci-audit-forwarder/Chart.yaml'))
  expect([chart.version, chart.appVersion]).toEqual([version, version])
  expect(textOf('CHANGELOG.md')).toMatch(new RegExp(`^## (Unreleased|${version.replaceAll('.', '\\.')}\\b)`, 'm'))
})

/** They ask for nothing but that their text goes along. */
const permissive = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT']

describe('what is installed with the program', () => {
  const installed = Object.entries(lock.packages)
    .filter(([path, { dev, link }]) => path.startsWith('node_modules/') && !dev && !link)
    .map(([path, { version }]) => ({ name: path.slice(path.lastIndexOf('node_modules/') + 13), path, version }))
    .filter(({ name }) => !/^node(-bin)?-(linux|darwin|win)/.test(name))

  const licenceOf = (path: string): string => {
    const { license, licenses } = JSON.parse(readFileSync(join(root, path, 'package.json'), 'utf8'))
    const said = license ?? licenses?.[0]
    return typeof said === 'string' ? said : (said?.type ?? 'none said')
  }

  test('is under permissive licences, and listed', async () => {
    const here = installed.filter(({ path }) => existsSync(join(root, path)))
    expect(here.length).toBeGreaterThan(0.95 * installed.length)
    const rows = here.map(({ name, path, version }) => ({ name, version, licence: licenceOf(path) }))
    expect(rows.filter(({ licence }) => !permissive.includes(licence))).toEqual([])
    const lines = rows.map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)
    const page = [
      '# Licences',
      '',
      'The program is under the Apache License 2.0. What is installed with it, as `package-lock.json` has it, and under what;',
      'a test holds this list to be complete and permissive, and writes it',
      '(`npx vitest run test/docs/release.test.ts --update`). `npm run -s sbom` prints the same as a CycloneDX bill of materials.',
      '',
      '| package | version | licence |',
      '|---|---|---|',
      ...[...new Set(lines)].sort(),
      '',
    ]
    await expect(page.join('\n')).toMatchFileSnapshot('../../docs/licences.md')
  })
})

describe('the workflow of a release', () => {
  const workflow = parse(textOf('.github/workflows/release.yml'))
  const jobs = Object.values(workflow.jobs) as readonly {
    readonly permissions?: Readonly<Record<string, string>>
    readonly needs?: string
    readonly steps: readonly {
      readonly uses?: string
      readonly run?: string
      readonly with?: Readonly<Record<string, unknown>>
    }[]
  }[]
  const steps = jobs.flatMap((job) => job.steps)
  const runs = steps.flatMap(({ run }) => run ?? [])

  test('may no more than each job says, and publishes nothing that was not checked', () => {
    expect(workflow.permissions).toEqual({})
    for (const { permissions, needs, steps: own } of jobs) {
      expect(permissions).toBeDefined()
      const publishes = own.some(({ run = '', uses = '' }) => /npm publish/.test(run) || /build-push/.test(uses))
      if (publishes) expect([needs, permissions?.['id-token']]).toEqual(['check', 'write'])
    }
  })

  test('publishes every package with its provenance', () => {
    const published = runs.join('\n').match(/npm publish.*/g) ?? []
    expect(published.length).toBeGreaterThanOrEqual(3)
    for (const line of published) expect(line).toContain('--provenance')
    expect(steps.find(({ uses = '' }) => /build-push/.test(uses))?.with).toMatchObject({
      provenance: 'mode=max',
      sbom: true,
    })
  })

  test('runs what is there', () => {
    for (const [, script = ''] of runs.join('\n').matchAll(/npm run (?:-s )?([\w:]+)/g))
      expect(manifest.scripts).toHaveProperty(script)
    for (const path of [
      '.ci/run',
      'deploy/docker/Dockerfile',
      'deploy/helm/circleci-audit-forwarder',
      'CHANGELOG.md',
    ]) {
      expect(existsSync(join(root, path)), path).toBe(true)
    }
    expect(runs).toContain('npm audit --omit=dev')
    const publishes = runs.findIndex((run) => run.includes('npm publish'))
    const checksTag = runs.findIndex((run) => run.includes('$GITHUB_REF_NAME') && run.startsWith('test '))
    expect(checksTag).toBeGreaterThanOrEqual(0)
    expect(checksTag).toBeLessThan(publishes)
  })
})
