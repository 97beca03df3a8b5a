import type { Fence } from '../domain/fence.ts'
import type { Notifications } from './notifications.ts'

/**
 * Notifications whose messages are deleted only while this process may: whoever has followed it does not know what it has
 * kept, and must hear of it from the queue. What is not deleted comes again.
 */
export function fencedNotifications(notifications: Notifications, fence: Fence): Notifications {
  const { depth } = notifications
  return {
    name: notifications.name,
    receive: (signal) => notifications.receive(signal),
    delete: async (messages) => {
      if (fence.holds()) await notifications.delete(messages)
    },
    release: (messages) => notifications.release(messages),
    ...(depth === undefined ? {} : { depth: (signal) => depth.call(notifications, signal) }),
    close: () => notifications.close(),
  }
}
