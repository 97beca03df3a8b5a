import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** Reads what was added to a file since the last look, whole lines only. A file that is not there yet has none. */
export class FileTail {
  readonly #path: string
  #from = 0

  constructor(path: string) {
    this.#path = path
  }

  lines(): readonly string[] {
    const added = this.#added()
    const end = added.lastIndexOf(0x0a) + 1
    this.#from += end
    return end === 0 ? [] : added.toString('utf8', 0, end - 1).split('\n')
  }

  #added(): Buffer {
    let file: number
    try {
      file = openSync(this.#path, 'r')
    } catch {
      return Buffer.alloc(0)
    }
    try {
      const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - this.#from))
      return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, this.#from))
    } finally {
      closeSync(file)
    }
  }
}
