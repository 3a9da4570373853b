/**
 * What is kept of a resource, in the words of RFC 7643 §7. It is less than the core schema holds: telephone numbers,
 * addresses, pictures and the like are taken and not kept, since nothing here needs them. Passwords are never taken.
 */
export interface Attribute {
  readonly name: string
  readonly type: 'string' | 'boolean' | 'dateTime' | 'reference' | 'complex'
  readonly description: string
  readonly multiValued?: true
  readonly required?: true
  /** Told as required, and not demanded: something else may stand for it. */
  readonly expected?: true
  /** Left out: case does not matter when values are compared (RFC 7643 §2.2). */
  readonly caseExact?: true
  /** Default `readWrite`. */
  readonly mutability?: 'readOnly' | 'immutable'
  /** Default `default`. */
  readonly returned?: 'always'
  readonly uniqueness?: 'server'
  readonly canonicalValues?: readonly string[]
  readonly referenceTypes?: readonly string[]
  readonly subAttributes?: readonly Attribute[]
}

/** One kind of resource: its endpoint, its schema, and the schemas that extend it. */
export interface ResourceKind {
  readonly name: 'User' | 'Group'
  readonly endpoint: '/Users' | '/Groups'
  readonly schema: string
  readonly description: string
  readonly attributes: readonly Attribute[]
  readonly extensions: readonly { readonly schema: string; readonly name: string; readonly description: string; readonly attributes: readonly Attribute[] }[]
  /** Attributes of the core schema that are taken and not kept, in lower case. */
  readonly unkept: ReadonlySet<string>
}

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User'
export const GROUP_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Group'
export const ENTERPRISE_SCHEMA = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'

const text = (name: string, description: string, more: Partial<Attribute> = {}): Attribute => ({ name, type: 'string', description, ...more })

/** RFC 7643 §3.1; every resource has them. */
export const COMMON_ATTRIBUTES: readonly Attribute[] = [
  text('id', 'Our own id of the resource.', { caseExact: true, mutability: 'readOnly', returned: 'always', uniqueness: 'server' }),
  text('externalId', 'The id that the directory gave it.', { caseExact: true }),
  {
    name: 'meta',
    type: 'complex',
    description: 'What is known of the resource itself.',
    mutability: 'readOnly',
    subAttributes: [
      text('resourceType', 'User or Group.', { caseExact: true, mutability: 'readOnly' }),
      { name: 'created', type: 'dateTime', description: 'When it was made.', mutability: 'readOnly' },
      { name: 'lastModified', type: 'dateTime', description: 'When it was last changed.', mutability: 'readOnly' },
      { name: 'location', type: 'reference', description: 'Its address.', mutability: 'readOnly', caseExact: true, referenceTypes: ['uri'] },
      text('version', 'Its entity tag.', { caseExact: true, mutability: 'readOnly' }),
    ],
  },
]

export const USER: ResourceKind = {
  name: 'User',
  endpoint: '/Users',
  schema: USER_SCHEMA,
  description: 'Somebody whom the directory provisions.',
  attributes: [
    text('userName', 'What the directory calls them, once among its people whatever the case. It is the e-mail address too where no other is given.', { required: true, uniqueness: 'server' }),
    {
      name: 'name',
      type: 'complex',
      description: 'The parts of their name.',
      subAttributes: [
        text('formatted', 'The whole name as it is shown.'),
        text('familyName', 'Family name.'),
        text('givenName', 'Given name.'),
        text('middleName', 'Middle names.'),
        text('honorificPrefix', 'What stands before the name.'),
        text('honorificSuffix', 'What stands behind the name.'),
      ],
    },
    text('displayName', 'The name that is shown here; without it, the formatted name, else given and family name, else the user name.'),
    text('title', 'What they are at work.'),
    text('userType', 'How they belong to the organisation.'),
    text('preferredLanguage', 'The language they prefer.'),
    text('locale', 'How they write numbers and dates.'),
    text('timezone', 'Their time zone.'),
    { name: 'active', type: 'boolean', expected: true, description: 'False: deactivated; sessions, tokens and grants are dead.' },
    {
      name: 'emails',
      type: 'complex',
      multiValued: true,
      expected: true,
      description: 'E-mail addresses. Mail goes to the primary one; without one, to that of type work, else to the first. May be left out where userName is an address.',
      subAttributes: [text('value', 'The address.', { expected: true }), text('display', 'How it is shown.'), text('type', 'What it is for.', { canonicalValues: ['work', 'home', 'other'] }), { name: 'primary', type: 'boolean', description: 'Whether it is the one to write to.' }],
    },
    {
      name: 'groups',
      type: 'complex',
      multiValued: true,
      mutability: 'readOnly',
      description: 'Groups of this directory that they are in. Changed in the groups.',
      subAttributes: [
        text('value', 'Id of the group.', { caseExact: true, mutability: 'readOnly' }),
        { name: '$ref', type: 'reference', description: 'Address of the group.', caseExact: true, mutability: 'readOnly', referenceTypes: ['Group'] },
        text('display', 'Name of the group.', { mutability: 'readOnly' }),
        text('type', 'Always direct.', { mutability: 'readOnly', canonicalValues: ['direct'] }),
      ],
    },
  ],
  extensions: [
    {
      schema: ENTERPRISE_SCHEMA,
      name: 'EnterpriseUser',
      description: 'Where they stand in the organisation.',
      attributes: [
        text('employeeNumber', 'Number that the organisation gave them.'),
        text('costCenter', 'Cost centre.'),
        text('organization', 'Organisation.'),
        text('division', 'Division.'),
        text('department', 'Department.'),
        {
          name: 'manager',
          type: 'complex',
          description: 'Who leads them.',
          subAttributes: [
            text('value', 'Id of the manager.', { caseExact: true }),
            { name: '$ref', type: 'reference', description: 'Address of the manager.', caseExact: true, referenceTypes: ['User'] },
            text('displayName', 'Name of the manager, as the directory wrote it.'),
          ],
        },
      ],
    },
  ],
  unkept: new Set(['nickname', 'profileurl', 'password', 'phonenumbers', 'ims', 'photos', 'addresses', 'entitlements', 'roles', 'x509certificates']),
}

export const GROUP: ResourceKind = {
  name: 'Group',
  endpoint: '/Groups',
  schema: GROUP_SCHEMA,
  description: 'A group that the directory keeps. Roles are given to it here.',
  attributes: [
    text('displayName', 'Name of the group, once among all groups whatever the case.', { required: true, uniqueness: 'server' }),
    {
      name: 'members',
      type: 'complex',
      multiValued: true,
      description: 'People of this directory. Members whom somebody added here are not among them, and not touched.',
      subAttributes: [
        text('value', 'Id of the person.', { caseExact: true, mutability: 'immutable' }),
        { name: '$ref', type: 'reference', description: 'Address of the person.', caseExact: true, mutability: 'immutable', referenceTypes: ['User'] },
        text('type', 'Always User; groups within groups are not taken.', { mutability: 'immutable', canonicalValues: ['User'] }),
      ],
    },
  ],
  extensions: [],
  unkept: new Set(),
}

export const RESOURCE_KINDS: readonly ResourceKind[] = [USER, GROUP]

/** Finds an attribute by its name; case does not matter (RFC 7643 §2.1). */
export function attributeNamed(attributes: readonly Attribute[], name: string): Attribute | undefined {
  const lower = name.toLowerCase()
  return attributes.find((attribute) => attribute.name.toLowerCase() === lower)
}
