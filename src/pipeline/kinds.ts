// What can be asked of a running forwarder, each kind once.
import type { RequestKind } from '../domain/request.ts'
import type { PipelineParts } from './parts.ts'

/** Every kind of request, over these parts. */
export function requestKinds(_parts: PipelineParts): readonly RequestKind[] {
  return []
}
