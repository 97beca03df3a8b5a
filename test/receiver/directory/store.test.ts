import * as promises from 'node:fs/promises'
import { mkdir, mkdtemp, type open, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DirectoryStore } from '../../../src/receiver/directory/store.ts'
import { bytes, listed, storeSuite } from '../store-suite.ts'

const never = new AbortController().signal
/** Everything written so far is settled. */
const later = { now: () => Date.now() + 10_000, sleep: async () => undefined }

async function put(root: string, key: string, body: string): Promise<void> {
  await mkdir(dirname(join(root, key)), { recursive: true })
  await writeFile(join(root, key), body)
}

storeSuite('a directory', async () => {
  const root = await mkdtemp(join(tmpdir(), 'store-'))
  return {
    store: new DirectoryStore({ path: root, prefix: '/audit-logs/' }, { clock: later }),
    put: (key, body) => put(root, key, body),
    remove: (key) => rm(join(root, key)),
    close: () => rm(root, { recursive: true }),
  }
})

describe('a directory, beyond what all stores do,', () => {
  const key = 'year=2026/month=03/day=1/hour=9/object'
  let parent: string
  let root: string
  let store: DirectoryStore
  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'store-'))
  })
  afterAll(() => rm(parent, { recursive: true }))
  beforeEach(async () => {
    root = await mkdtemp(join(parent, 'root-'))
    store = new DirectoryStore({ path: root }, { clock: later })
  })

  test('names itself by its absolute path', () => {
    expect(new DirectoryStore({ path: 'here/../here' }, { clock: later }).uri).toBe(`dir:${process.cwd()}/here`)
  })

  test('lists a file only when nothing has touched it for two seconds', async () => {
    await put(root, key, 'x')
    const { ctimeMs } = await promises.stat(join(root, key))
    let now = ctimeMs + 1900
    const young = new DirectoryStore({ path: root }, { clock: { now: () => now, sleep: later.sleep } })
    expect(await listed(young, '')).toEqual([])
    expect(await young.stat(key, never)).toBeUndefined()
    now += 200
    expect(await listed(young, '')).toHaveLength(1)
  })

  test('waits for the young ones, so that a listing is complete', async () => {
    await put(root, key, 'x')
    let now = (await promises.stat(join(root, key))).ctimeMs + 100
    const sleep = async (ms: number): Promise<void> => {
      now += ms
    }
    expect(await listed(new DirectoryStore({ path: root }, { clock: { now: () => now, sleep } }), '')).toHaveLength(1)
  })

  test('is not deceived by an old time on a file still being copied', async () => {
    await put(root, key, 'x')
    await utimes(join(root, key), 0, 1_000_000)
    const young = new DirectoryStore({ path: root }, { clock: { now: Date.now, sleep: later.sleep } })
    expect(await listed(young, '')).toEqual([])
  })

  test('takes size and modification time as the version', async () => {
    await put(root, key, 'abc')
    await utimes(join(root, key), 0, 1_700_000_000)
    expect(await store.stat(key, never)).toEqual({
      key,
      version: '3-1700000000000000000',
      size: 3,
      modified: 1_700_000_000_000,
    })
  })

  test('passes over dot-files, dot-directories and lost+found', async () => {
    await put(root, 'year=2026/.object.tmp', 'x')
    await put(root, '.snapshot/year=2026/object', 'x')
    await put(root, 'lost+found/object', 'x')
    await put(root, key, 'x')
    expect((await listed(store, '')).map((object) => object.key)).toEqual([key])
  })

  test('enters only the directories under the asked prefix', async () => {
    await put(root, key, 'x')
    await put(root, 'year=2026/month=04/day=1/hour=9/object', 'x')
    const entered: string[] = []
    const opendir = ((path: string) => {
      entered.push(path.slice(root.length))
      return promises.opendir(path)
    }) as typeof promises.opendir
    const watched = new DirectoryStore({ path: root }, { clock: later, files: { ...promises, opendir } })
    await listed(watched, 'year=2026/month=03/day=1/')
    expect(entered).toEqual(['/year=2026/month=03/day=1/', '/year=2026/month=03/day=1/hour=9/'])
  })

  test('follows no link below its root, nor a key that leads out of it', async () => {
    await put(parent, 'secret', 'x')
    await put(root, key, 'x')
    await symlink(parent, join(root, 'year=2026/loop'))
    await symlink(join(parent, 'secret'), join(root, 'year=2026/link'))
    expect((await listed(store, '')).map((object) => object.key)).toEqual([key])
    for (const out of ['year=2026/loop/secret', 'year=2026/link', '../secret', 'year=2026/../../secret']) {
      expect(await store.stat(out, never)).toBeUndefined()
      const object = { key: out, version: '1-1', size: 1, modified: 0 }
      await expect(bytes(store, object)).rejects.toMatchObject({ kind: 'gone' })
    }
  })

  test('may itself be a link', async () => {
    await put(root, key, 'linked')
    await symlink(root, `${root}-link`)
    const linked = new DirectoryStore({ path: `${root}-link` }, { clock: later })
    const [object] = await listed(linked, '')
    expect(await bytes(linked, object!)).toBe('linked')
  })

  test('says gone when the file changes while it is read', async () => {
    await put(root, key, 'x'.repeat(1_000_000))
    const [object] = await listed(store, '')
    const reading = async () => {
      for await (const _ of await store.read(object!, never)) await truncate(join(root, key), 10)
    }
    await expect(reading()).rejects.toMatchObject({ kind: 'gone' })
  })

  test('says denied, with what to do, when the file may not be read', async () => {
    await put(root, key, 'x')
    const files = {
      ...promises,
      open: (() => Promise.reject(Object.assign(new Error('permission denied'), { code: 'EACCES' }))) as typeof open,
    }
    const closed = new DirectoryStore({ path: root }, { clock: later, files })
    const [object] = await listed(closed, '')
    await expect(bytes(closed, object!)).rejects.toMatchObject({
      kind: 'denied',
      hint: expect.stringContaining('read'),
    })
  })

  test('fails to list, with what to do, when a directory may not be entered', async () => {
    await put(root, key, 'x')
    const opendir = ((path: string) =>
      path.includes('month=03')
        ? Promise.reject(Object.assign(new Error('permission denied'), { code: 'EACCES' }))
        : promises.opendir(path)) as typeof promises.opendir
    const closed = new DirectoryStore({ path: root }, { clock: later, files: { ...promises, opendir } })
    await expect(listed(closed, '')).rejects.toMatchObject({ name: 'SourceFailure', hint: expect.any(String) })
  })

  test('a root that is not there is a failure, never an empty bucket', async () => {
    const nowhere = new DirectoryStore({ path: join(root, 'nowhere') }, { clock: later })
    const failure = { name: 'SourceFailure', hint: expect.stringContaining('mounted') }
    await expect(listed(nowhere, 'year=2026/')).rejects.toMatchObject(failure)
    await expect(nowhere.stat(key, never)).rejects.toMatchObject(failure)
  })

  test('a file missing from an empty root is out of reach, not lost', async () => {
    const object = { key, version: '1-1', size: 1, modified: 0 }
    await expect(bytes(store, object)).rejects.toMatchObject({ kind: 'unreachable' })
    const nowhere = new DirectoryStore({ path: join(root, 'nowhere') }, { clock: later })
    await expect(bytes(nowhere, object)).rejects.toMatchObject({ kind: 'unreachable' })
  })

  describe('what a folder was found to be', () => {
    const moment = { at: Date.now() + 60_000 }
    const clock = { ...later, now: () => moment.at }

    test('is believed for a second, and no longer', async () => {
      await put(root, key, 'x')
      const [object] = await listed(store, '')
      const asked: string[] = []
      const realpath = ((path: string) => {
        asked.push(path)
        return promises.realpath(path)
      }) as typeof promises.realpath
      const watched = new DirectoryStore({ path: root }, { clock, files: { ...promises, realpath } })
      for (let read = 0; read < 50; read++) expect(await bytes(watched, object!)).toBe('x')
      expect(asked).toHaveLength(2)
      await rename(join(root, 'year=2026'), join(parent, 'outside'))
      await symlink(join(parent, 'outside'), join(root, 'year=2026'))
      moment.at += 1_000
      await expect(bytes(watched, object!)).rejects.toMatchObject({ kind: 'gone' })
    })

    test('does not make an unmounted volume look like lost objects', async () => {
      await put(root, key, 'x')
      const mounted = new DirectoryStore({ path: root }, { clock })
      const [object] = await listed(store, '')
      expect(await bytes(mounted, object!)).toBe('x')
      await rename(join(root, 'year=2026'), join(parent, 'unmounted'))
      await expect(bytes(mounted, object!)).rejects.toMatchObject({ kind: 'unreachable' })
    })
  })

  test('reads a small file at one stroke', async () => {
    await put(root, key, 'x')
    const [object] = await listed(store, '')
    let reads = 0
    const opens = (async (...how: Parameters<typeof open>) => {
      const file = await promises.open(...how)
      const read = file.read.bind(file)
      file.read = ((...into: Parameters<typeof read>) => {
        reads++
        return read(...into)
      }) as typeof file.read
      return file
    }) as typeof open
    const counted = new DirectoryStore({ path: root }, { clock: later, files: { ...promises, open: opens } })
    expect(await bytes(counted, object!)).toBe('x')
    expect(reads).toBe(1)
  })
})
