import { importStore } from '../../domain/imports.ts'
import type { AuditObject } from '../../domain/objects.ts'
import type { Task } from '../../domain/request.ts'
import type { ImportBody } from './body.ts'

/**
 * The file as an object. Its time is its earliest event's: history goes with the backlog and floods nobody's present.
 * `size` is the staged copy's.
 */
export function fileObject(
  { staged, receiver }: ImportBody,
  { id, at }: Pick<Task, 'id' | 'at'>,
  { time, size }: { readonly time: number; readonly size: number },
): AuditObject {
  const identity = { store: importStore(receiver), key: staged, version: String(id) }
  return { ...identity, ref: 0, size, modified: time, time, seenAt: at, length: undefined }
}
