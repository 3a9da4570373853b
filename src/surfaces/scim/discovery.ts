import { COMMON_ATTRIBUTES, MOST_RESULTS, RESOURCE_KINDS, type Attribute } from '#modules/provisioning'

const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType'
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema'

/** RFC 7643 §5. */
export const serviceProviderConfig = (base: string) => ({
  schemas: [CONFIG],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: MOST_RESULTS },
  changePassword: { supported: false },
  sort: { supported: true },
  etag: { supported: true },
  authenticationSchemes: [{ type: 'oauthbearertoken', name: 'Token of a directory', description: 'Authorization: Bearer with the token that was shown when the directory was connected.', specUri: 'https://www.rfc-editor.org/info/rfc6750', primary: true }],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
})

/** RFC 7643 §6. */
export const resourceTypes = (base: string) =>
  RESOURCE_KINDS.map(({ name, endpoint, schema, description, extensions }) => ({
    schemas: [RESOURCE_TYPE],
    id: name,
    name,
    endpoint,
    description,
    schema,
    ...(extensions.length === 0 ? {} : { schemaExtensions: extensions.map((extension) => ({ schema: extension.schema, required: false })) }),
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }))

/** RFC 7643 §7. */
export const schemas = (base: string) =>
  RESOURCE_KINDS.flatMap(({ name, schema, description, attributes, extensions }) => [
    { id: schema, name, description, attributes: [...attributes, ...COMMON_ATTRIBUTES.filter((common) => common.name === 'externalId')] },
    ...extensions.map((extension) => ({ id: extension.schema, name: extension.name, description: extension.description, attributes: extension.attributes })),
  ]).map(({ attributes, ...schema }) => ({ schemas: [SCHEMA], ...schema, attributes: attributes.map(described), meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` } }))

/** Every characteristic is said, the usual ones too (RFC 7643 §2.2). */
function described(attribute: Attribute): Record<string, unknown> {
  const { name, type, description, canonicalValues, referenceTypes, subAttributes } = attribute
  const isText = type === 'string' || type === 'reference'
  return {
    name,
    type,
    multiValued: attribute.multiValued ?? false,
    description,
    required: attribute.required ?? attribute.expected ?? false,
    ...(isText ? { caseExact: attribute.caseExact ?? false } : {}),
    mutability: attribute.mutability ?? 'readWrite',
    returned: attribute.returned ?? 'default',
    ...(type === 'complex' || type === 'boolean' ? {} : { uniqueness: attribute.uniqueness ?? 'none' }),
    ...(canonicalValues === undefined ? {} : { canonicalValues }),
    ...(referenceTypes === undefined ? {} : { referenceTypes }),
    ...(subAttributes === undefined ? {} : { subAttributes: subAttributes.map(described) }),
  }
}
