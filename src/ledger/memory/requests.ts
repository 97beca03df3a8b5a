import assert from 'node:assert/strict'
import type { Request } from '../requests.ts'
import type { State } from './state.ts'

export function ask(state: State, request: Omit<Request, 'id' | 'answer'>): number {
  const id = state.next('request')
  state.requests.set(id, { ...request, id, answer: undefined })
  return id
}

export function asked(state: State): Request[] {
  const open = state.requests.values().filter((request) => request.answer === undefined)
  return open.sort((a, b) => a.id - b.id)
}

export function answer(state: State, id: number, text: string): void {
  const request = state.requests.get(id)
  assert(request !== undefined, `no request ${id}`)
  assert(request.answer === undefined, `request ${id} is answered already`)
  state.requests.set(id, { ...request, answer: text })
}
