// Plugins as they are installed and run: the package that docs/plugins.md shows, packed and unpacked, and OpenTelemetry's
// own exporter, each as a destination of the real program.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { textOf } from '../docs/checkout.ts'
import type { AuditFile } from '../e2e/stage/corpus.ts'
import type { Forwarder } from '../e2e/stage/forwarder.ts'
import { Scene } from '../e2e/stage/scene.ts'
import { Installation } from './beside.ts'

const packageName = '@acme/exporter-acme'
const page = textOf('docs/plugins.md')

/** Code blocks that say which file they are. */
const shown = new Map(
  [...page.matchAll(/^```\w+ file=([\w.]+)\n([\s\S]*?)^```$/gm)].map(([, name = '', text = '']) => [name, text]),
)

let place: Installation
let tarball: string

beforeAll(() => {
  place = new Installation()
  tarball = place.pack(place.write('source', shown))
  place.install(tarball, packageName)
}, 60_000)
afterAll(() => place.remove())

/** A server that keeps what it is sent. */
class Acme {
  readonly bodies: string[] = []
  readonly authorizations = new Set<string | undefined>()
  readonly #server: Server

  constructor() {
    this.#server = createServer(async (request, response) => {
      this.authorizations.add(request.headers.authorization)
      if (request.method === 'POST') this.bodies.push(await textIn(request))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/logs`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

async function textIn(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  return (request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString('utf8')
}

interface Stage {
  readonly scene: Scene
  readonly acme: Acme
  readonly url: string
  readonly files: readonly AuditFile[]
  /** Configures exporters and plugins over a bucket of two objects. */
  configure(exporters: Readonly<Record<string, object>>, plugins: readonly unknown[]): Promise<void>
  run(args: readonly string[]): Forwarder
}

async function staged(name: string, play: (stage: Stage) => Promise<void>): Promise<void> {
  const scene = new Scene(name)
  const acme = new Acme()
  try {
    const url = await acme.open()
    const files = [1, 2].map((hours) => scene.corpus.file(Date.now() - hours * 3_600_000, 40))
    const receiver = await scene.putInFolder(files)
    const configure = (exporters: Readonly<Record<string, object>>, plugins: readonly unknown[]) =>
      scene.configure({ receiver, exporters, service: { plugins } })
    const run = (args: readonly string[]): Forwarder => {
      const node = ['--conditions=@circleci-audit-forwarder/source', place.main]
      return scene.start([...node, ...args], { command: process.execPath })
    }
    await play({ scene, acme, url, files, configure, run })
  } finally {
    await scene.close()
    await acme.stop()
  }
}

const idsOf = (files: readonly AuditFile[]): readonly string[] => files.flatMap(({ ids }) => ids).toSorted()

// biome-ignore lint/suspicious/noTemplateCurlyInString: a reference of the configuration
const token = '${env:OTLP_TOKEN}'

test(
  'the plugin of docs/plugins.md, packed and installed beside the forwarder, delivers every event',
  () =>
    staged('plugin', async ({ scene, acme, url, files, configure, run }) => {
      await configure({ acme: { endpoint: url, token } }, [packageName])
      const forwarder = run(['run', '--once'])
      await forwarder.mustExit(0)
      const lines = acme.bodies.flatMap((body) => body.split('\n')).filter((line) => line !== '')
      const ids = lines.map((line) => String(JSON.parse(line).attributes['log.record.uid']))
      expect(ids.toSorted()).toEqual(idsOf(files))
      expect([...acme.authorizations]).toEqual([`Bearer ${scene.secrets.env['OTLP_TOKEN']}`])
    }),
  60_000,
)

test(
  'its own schema validates, masks, and is in the reference and the JSON Schema',
  () =>
    staged('plugin-schema', async ({ url, configure, run }) => {
      await configure({ acme: { endpoint: url, token, batch: { max_records: 2_000 }, tokn: 'x' } }, [packageName])
      const refused = run(['validate'])
      await refused.mustExit(2)
      expect(refused.stderr).toMatch(
        /config\.yaml:\d+:\d+: error: exporters\.acme\.tokn: is not a setting\n.*\n {4}hint: did you mean `token`\?/,
      )
      await configure({ acme: { endpoint: url, token } }, [packageName])
      const printed = run(['print-config'])
      await printed.mustExit(0)
      expect(printed.stdout).toMatch(/token: <secret from env:OTLP_TOKEN>/)
      const reference = run(['schema', 'reference'])
      await reference.mustExit(0)
      expect(reference.stdout).toContain('### `acme`\n')
      expect(reference.stdout).toContain('| `token` | secret text | **required** | Bearer token. |')
      const schema = run(['schema', 'config'])
      await schema.mustExit(0)
      const { exporters } = JSON.parse(schema.stdout).properties
      expect(exporters.patternProperties['^acme(/[^/\\s]+)?$'].properties.token).toMatchObject({ writeOnly: true })
    }),
  60_000,
)

test(
  'doctor asks it what can be proven',
  () =>
    staged('plugin-doctor', async ({ url, configure, run }) => {
      await configure({ acme: { endpoint: url, token } }, [packageName])
      const doctor = run(['doctor', '--json'])
      await doctor.exited
      expect(JSON.stringify(JSON.parse(doctor.stdout))).toContain('"what":"Acme answers"')
    }),
  60_000,
)

test(
  'a plugin beside the configuration file is found there, and works with a contract and a zod of its own',
  () =>
    staged('plugin-config', async ({ scene, acme, url, files, configure, run }) => {
      const only = '@acme/exporter-elsewhere'
      const text = shown.get('package.json')?.replace(packageName, only) ?? ''
      const packed = place.pack(place.write('elsewhere', new Map([...shown, ['package.json', text]])))
      await configure({ acme: { endpoint: url, token } }, [only])
      const missing = run(['validate'])
      await missing.mustExit(2)
      expect(missing.stderr).toMatch(
        /error: service\.plugins\[0\]: @acme\/exporter-elsewhere is not installed: .*\/app, of /,
      )
      expect(missing.stderr).toContain(
        'hint: run `npm install @acme/exporter-elsewhere` where the forwarder is installed',
      )
      expect(missing.stderr).not.toContain('there is no exporter of the type')
      place.install(packed, only, scene.folder)
      place.installPeers(scene.folder)
      await configure({ acme: { endpoint: url, token, timeout: 'soon', tls: { ca_file: '/absent.pem' } } }, [only])
      const refused = run(['validate'])
      await refused.mustExit(2)
      expect(refused.stderr).toMatch(/error: exporters\.acme\.timeout: is no duration/)
      await configure({ acme: { endpoint: url, token, timeout: '5s', tls: { ca_file: '/absent.pem' } } }, [only])
      const unmade = run(['validate'])
      await unmade.mustExit(2)
      expect(unmade.stderr).toMatch(/error: exporters\.acme\.tls\.ca_file: .*absent\.pem/)
      await configure({ acme: { endpoint: url, token, timeout: '5s' } }, [only])
      await run(['run', '--once']).mustExit(0)
      expect(acme.bodies.join('').match(/"log\.record\.uid"/g)).toHaveLength(idsOf(files).length)
    }),
  60_000,
)

test(
  "OpenTelemetry's own OTLP exporter is a destination, and is said to be unverified",
  () =>
    staged('plugin-otel', async ({ acme, url, files, configure, run }) => {
      const entry = {
        package: '@opentelemetry/exporter-logs-otlp-http',
        export: 'OTLPLogExporter',
        type: 'otel_official',
      }
      await configure({ otel_official: { options: { url, headers: { 'x-scope': 'audit' } } } }, [entry])
      const forwarder = run(['run', '--once'])
      await forwarder.mustExit(0)
      expect(forwarder.stderr).toMatch(/warning: exporters\.otel_official: is unverified: /)
      const found = acme.bodies.join('\n').match(/"key":"log\.record\.uid","value":\{"stringValue":"([^"]+)"/g) ?? []
      const ids = found.map((match) => match.slice(match.lastIndexOf(':"') + 2, -1))
      expect(ids.toSorted()).toEqual(idsOf(files))
      expect(forwarder.stderr).toContain('80 delivered')
    }),
  60_000,
)
