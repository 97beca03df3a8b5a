// The thread of copying.ts.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, rmSync, statSync } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { createZstdCompress } from 'node:zlib'
import { copyLedger } from '../ledger/sqlite/copy.ts'
import type { Copied, CopyTask } from './copying.ts'

async function copy({ path, plain, packed }: CopyTask): Promise<Copied> {
  const schema = copyLedger(path, plain)
  const [ledger, file] = [hashing(), hashing()]
  const out = createWriteStream(packed, { mode: 0o600 })
  await pipeline(createReadStream(plain), ledger.stream, createZstdCompress(), file.stream, out)
  const sizes = { bytes: statSync(packed).size, ledgerBytes: statSync(plain).size }
  rmSync(plain)
  return { ...sizes, sha256: file.digest(), ledgerSha256: ledger.digest(), ...schema }
}

function hashing(): { readonly stream: Transform; digest(): string } {
  const hash = createHash('sha256')
  const stream = new Transform({
    transform: (piece: Buffer, _, done) => {
      hash.update(piece)
      done(null, piece)
    },
  })
  return { stream, digest: () => hash.digest('hex') }
}

parentPort?.postMessage(await copy(workerData as CopyTask))
