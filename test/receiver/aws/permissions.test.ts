// Every operation of AWS that the sources call has its permission, and every permission an operation that is called.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { S3 } from '@aws-sdk/client-s3'
import { SQS } from '@aws-sdk/client-sqs'
import { expect, test } from 'vitest'
import { permissions } from '../../../src/receiver/aws/permissions.ts'

const root = join(import.meta.dirname, '../../..')
const sources = globSync('src/**/*.ts', { cwd: root }).map((file) => ({
  file,
  text: readFileSync(join(root, file), 'utf8'),
}))
const ofAws = sources.filter(({ text }) => text.includes("'@aws-sdk/"))

/** Methods of the clients that send a request, by the operation's name. */
const operations = new Map(
  [S3, SQS].flatMap(({ prototype }) =>
    Object.getOwnPropertyNames(prototype).map((method) => [method, method.charAt(0).toUpperCase() + method.slice(1)]),
  ),
)

test('what is called and what is allowed are the same', () => {
  const called = ofAws.flatMap(({ text }) =>
    [...text.matchAll(/\.(\w+)\(/g)].flatMap(([, name]) => operations.get(name!) ?? []),
  )
  const roles = ofAws.some(({ text }) => /\bfromTemporaryCredentials\(/.test(text)) ? ['AssumeRole'] : []
  expect([...new Set([...called, ...roles])].toSorted()).toEqual(Object.keys(permissions).toSorted())
})

test('nothing is sent past the methods that are looked for', () => {
  expect(ofAws.length).toBeGreaterThan(4)
  for (const { file, text } of ofAws)
    expect(text, file).not.toMatch(/\.send\(|\bnew \w+Command\b|\bpaginate\w+\(|\bwaitUntil\w+\(/)
  const imported = sources.flatMap(({ text }) => [...text.matchAll(/'(@aws-sdk\/[\w-]+)/g)].map(([, name]) => name))
  expect([...new Set(imported)].toSorted()).toEqual([
    '@aws-sdk/client-s3',
    '@aws-sdk/client-sqs',
    '@aws-sdk/credential-providers',
  ])
})
