// What a queue's message says, whichever cloud wrote it: the shapes do not overlap, so a body is told by itself and no
// setting names its format. Azure's queues carry text, so many senders (Event Grid among them) put the JSON into base64
// first. A body that nothing explains is not guessed at: the caller keeps it and says so.
import { eventGridNotification, isEventGrid } from './azure-queue/envelope.ts'
import { isJson, parsedJson } from './json.ts'
import { type Notification, unknown } from './notification.ts'
import { s3Notification } from './sqs/envelope.ts'

/** Reads the body of a queue's message. Total: any string has an answer. */
export function parseNotification(body: string): Notification {
  const message = parsedJson(body) ?? parsedJson(fromBase64(body))
  const events = Array.isArray(message) ? message : [message]
  if (events.length > 0 && events.every(isEventGrid)) return eventGridNotification(events)
  return isJson(message) ? s3Notification(message) : unknown('the body is not a JSON object')
}

const base64 = /^[A-Za-z0-9+/\s]+={0,2}\s*$/

function fromBase64(text: string): string {
  return base64.test(text) ? Buffer.from(text, 'base64').toString('utf8') : ''
}
