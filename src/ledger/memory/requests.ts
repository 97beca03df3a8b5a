import assert from 'node:assert/strict'
import type { Request } from '../requests.ts'
import type { State } from './state.ts'

export function ask(state: State, request: Omit<Request, 'id' | 'progress' | 'answer'>): number {
  const id = state.next('request')
  state.requests.set(id, { ...request, id, progress: undefined, answer: undefined })
  return id
}

export function asked(state: State): Request[] {
  const open = state.requests.values().filter((request) => request.answer === undefined)
  return open.sort((a, b) => a.id - b.id)
}

export function report(state: State, id: number, progress: string): void {
  state.requests.set(id, { ...open(state, id), progress })
}

export function answer(state: State, id: number, text: string): void {
  state.requests.set(id, { ...open(state, id), answer: text })
}

export function forgetAnswered(state: State, before: number, limit: number): number {
  const old = state.requests.values().filter((request) => {
    return request.answer !== undefined && request.at < before && !tookFile(request)
  })
  const some = old.sort((a, b) => a.id - b.id).slice(0, limit)
  for (const { id } of some) state.requests.delete(id)
  return some.length
}

function tookFile({ kind, body }: Request): boolean {
  if (kind !== 'import') return false
  try {
    return ((JSON.parse(body) as { source?: unknown } | null)?.source ?? undefined) !== undefined
  } catch {
    return false
  }
}

function open(state: State, id: number): Request {
  const request = state.requests.get(id)
  assert(request !== undefined, `no request ${id}`)
  assert(request.answer === undefined, `request ${id} is answered already`)
  return request
}
