import { hostname, userInfo } from 'node:os'

/** Who is at the keyboard or starts the program, as far as the machine knows. */
export function whoAsks(): string {
  return `${process.env['SUDO_USER'] ?? accountName()}@${hostname()}`
}

/** In a container the user often has a number and no name. */
function accountName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`
  }
}
