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

function open(state: State, id: number): Request {
  const request = state.requests.get(id)
  assert(request !== undefined, `no request ${id}`)
  assert(request.answer === undefined, `request ${id} is answered already`)
  return request
}
