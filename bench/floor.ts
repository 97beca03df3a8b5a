// The least that anyone must do: decompress every object, parse every line, compress exactly the bytes that went out.
// Arguments: the corpus folder, the folder with the captured bodies (as sent, gzip), and how many times each is sent.
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createGunzip, gunzipSync, gzip } from 'node:zlib'

const [corpus = '', bodies = '', times = '1'] = process.argv.slice(2)
const compress = promisify(gzip)

let parsed = 0
for (const entry of readdirSync(corpus, { recursive: true, encoding: 'utf8' })) {
  const path = join(corpus, entry)
  if (statSync(path).isFile()) await parse(path)
}
for (const name of readdirSync(bodies)) {
  const body = gunzipSync(readFileSync(join(bodies, name)))
  for (let time = 0; time < Number(times); time += 1) await compress(body, { level: 1 })
}
process.stdout.write(`${parsed}\n`)

async function parse(path: string): Promise<void> {
  let rest: Buffer = Buffer.alloc(0)
  for await (const chunk of createReadStream(path).pipe(createGunzip())) {
    const bytes: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let from = 0
    for (let to = bytes.indexOf(10, from); to >= 0; to = bytes.indexOf(10, from)) {
      JSON.parse(bytes.toString('utf8', from, to))
      parsed += 1
      from = to + 1
    }
    rest = bytes.subarray(from)
  }
}
