import { isContent, textIn, type Content, type ContentValue, type ResourceKind } from '#modules/provisioning'

/** Adds the addresses that only the surface knows: of the resource, of members, of groups (RFC 7643 §3.1, §2.4). */
export function addressed(kind: ResourceKind, resource: Content, base: string): Content {
  const meta = isContent(resource['meta']) ? resource['meta'] : {}
  return {
    ...resource,
    ...listed(resource, 'members', `${base}/Users`),
    ...listed(resource, 'groups', `${base}/Groups`),
    meta: { ...meta, location: `${base}${kind.endpoint}/${textIn(resource, 'id')}` },
  }
}

function listed(resource: Content, name: string, at: string): Content {
  const list = resource[name]
  if (!Array.isArray(list)) return {}
  return { [name]: (list as readonly ContentValue[]).map((one) => (isContent(one) ? { ...one, $ref: `${at}/${textIn(one, 'value')}` } : one)) }
}
