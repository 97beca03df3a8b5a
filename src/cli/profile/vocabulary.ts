// Names that a shape may show. A name in an event can be data (a map keyed by project, variable or person), and nothing
// in the name tells. So a name is shown when every word of it is one of these technical words, and else only its length.

const words = new Set(
  `access account action actor added address addresses admin after agent all api app application approved archived at
  attempt attributes audit auth authentication authorization avatar before billing body branch build by change changed
  changes checkout client code comment commit common condition config configuration context contexts count created
  creator credential current data date day default definition delete deleted description destination details device
  disabled display duration email enabled end env environment error event events expiration expires external failed
  features field fields file filter flag flags format from full git github gitlab group groups hash header headers host
  hour id identity image inbound index info installation integration invitation invited invitee ip is issuer item items
  job jobs key keys kind label labels last level limit link links list location log login logs machine managed member
  members message metadata method mode modified month name names namespace new node note number object occurred of old
  options orb org organization origin outcome owner page parameters parent path payload permission permissions phase
  pipeline plan platform policy preferences previous primary private project projects provider public query raw reason
  record region release remote removed repo repository request requests resource resources response restriction result
  revoked role roles rule rules run runner schedule scheduled schema scope scopes secret secrets serial server service
  session setting settings severity slug source ssh sso stage start started state status step stopped subject success
  tag tags target team text time timestamp title to token tokens total trace tree trigger triggered type types unit
  updated updates uri url urls user username users uuid value values variable variables vcs version via webhook webhooks
  workflow workflows year zone`.split(/\s+/),
)

/** The name if it can hold no data, else its length: `<9 characters>`. */
export function shownName(name: string): string {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s_.-]+/)
    .filter((part) => part !== '')
  const known = parts.length > 0 && parts.length <= 6 && parts.every((part) => words.has(part.toLowerCase()))
  return known ? name : `<${name.length} characters>`
}
