// Resources are few and shared by many records, and OpenTelemetry's serializers group records by a resource's identity.
// So a changed resource is made once per processor and resource, and the same object given out again.
import type { LogRecord } from '@circleci-audit-forwarder/contract'
import { resourceFromAttributes } from '@opentelemetry/resources'

type Resource = LogRecord['resource']
export type ResourceAttributes = Resource['attributes']

const made = new WeakMap<object, WeakMap<Resource, Resource>>()

/** The resource as `change` makes it: the very resource if `change` returns its argument. `by` asks once per resource. */
export function withResource(
  resource: Resource,
  by: object,
  change: (attributes: ResourceAttributes) => ResourceAttributes,
): Resource {
  const known = made.get(by)?.get(resource)
  if (known !== undefined) return known
  const changed = changedResource(resource, change)
  // What is still being found out may differ next time.
  if (resource.asyncAttributesPending !== true) {
    const own = made.get(by) ?? new WeakMap<Resource, Resource>()
    made.set(by, own.set(resource, changed))
  }
  return changed
}

/** As `withResource`, remembering nothing. */
export function changedResource(
  resource: Resource,
  change: (attributes: ResourceAttributes) => ResourceAttributes,
): Resource {
  const before = resource.attributes
  const after = change(before)
  const { schemaUrl } = resource
  return after === before ? resource : resourceFromAttributes(after, schemaUrl === undefined ? {} : { schemaUrl })
}
