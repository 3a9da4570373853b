import { z } from 'zod'
import type { Contract, Route } from '#core/module'

export interface ApiPart {
  contract: Contract
  routes: readonly Route[]
}

/** `POST /policies/{slug}` → method and path template; braces are OpenAPI's, colons are the router's. */
export function addressOf(route: Pick<Route, 'on'>): { method: string; template: string; pattern: string } {
  const [method = '', path = ''] = route.on.split(' ')
  return { method, template: `/api/v1${path}`, pattern: `/api/v1${path.replaceAll(/\{(\w+)\}/g, ':$1')}` }
}

type Schema = Record<string, unknown>

// OpenAPI 3.1 speaks JSON Schema 2020-12, which zod writes itself.
const schemaOf = (type: z.ZodType, io: 'input' | 'output'): Schema => {
  const { $schema: _schema, ...schema } = z.toJSONSchema(type, { target: 'draft-2020-12', io, unrepresentable: 'any' }) as Schema
  return schema
}

function parametersOf(route: Route): Schema[] {
  const members = (type: z.ZodObject | undefined, where: 'path' | 'query'): Schema[] => {
    if (!type) return []
    const schema = schemaOf(type, 'input') as { properties?: Record<string, Schema>; required?: string[] }
    return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
      name,
      in: where,
      required: where === 'path' || (schema.required ?? []).includes(name),
      ...(typeof property['description'] === 'string' ? { description: property['description'] } : {}),
      schema: property,
    }))
  }
  const headers: Schema[] = []
  if (!route.on.startsWith('GET ')) {
    headers.push({ name: 'Idempotency-Key', in: 'header', required: false, description: 'The same key with the same request gives the first answer again, for 24 hours.', schema: { type: 'string', minLength: 8, maxLength: 128 } })
    headers.push({ name: 'If-Match', in: 'header', required: false, description: 'Entity tag of what was read; 412 when it has changed since.', schema: { type: 'string' } })
  }
  return [...members(route.params, 'path'), ...members(route.query, 'query'), ...headers]
}

/** Which ways of showing who one is are taken: OpenAPI's list means any one of them. */
function securityOf({ permit, stepUp }: Route): Schema[] {
  if (permit === 'anyone') return [{}]
  if (permit === 'signed-in') return [{ session: [] }]
  return [{ session: [] }, ...(stepUp ? [] : [{ token: [] }]), { operator: [] }]
}

/** The API's OpenAPI 3.1 document, made from the routes themselves: nothing is described twice. */
export function openApiDocument(parts: readonly ApiPart[], version: string): Schema {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const { contract, routes } of parts) {
    for (const route of routes) {
      const { method, template } = addressOf(route)
      const reply = route.status === 204 ? {} : { content: { 'application/json': { schema: schemaOf(route.reply, 'output') } } }
      const body =
        route.body === undefined
          ? {}
          : { requestBody: { required: true, content: route.body === 'bytes' ? { '*/*': { schema: {} } } : { 'application/json': { schema: schemaOf(route.body, 'input') } } } }
      const at = (paths[template] ??= {})
      at[method.toLowerCase()] = {
        operationId: `${method.toLowerCase()}${template.replace('/api/v1', '').replaceAll(/[/{}]+(.)?/g, (_, next: string | undefined) => (next ?? '').toUpperCase())}`,
        summary: route.summary,
        tags: [contract.title],
        security: securityOf(route),
        'x-permission': route.permit,
        ...(route.stepUp ? { 'x-step-up': true } : {}),
        parameters: parametersOf(route),
        ...body,
        responses: {
          [String(route.status ?? 200)]: { description: route.summary, ...reply },
          default: { description: 'A problem (RFC 9457)', content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
        },
      }
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Vouchsafe',
      version,
      summary: 'Run a security programme, and publish a page that can be checked.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: parts.map(({ contract }) => ({ name: contract.title })),
    paths,
    components: {
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: '__Host-session', description: 'The session of somebody who signed in. What changes something also needs the header vouchsafe-csrf, with the text that GET /api/v1/session gives, and comes from pages of this site.' },
        token: { type: 'http', scheme: 'bearer', description: 'An API token (vs_…) of a person or a service account; it does what its scopes name, as long as its owner may.' },
        operator: { type: 'http', scheme: 'bearer', description: 'The operator token, over the Unix socket in the data folder.' },
      },
      schemas: {
        Problem: {
          type: 'object',
          required: ['type', 'title', 'status', 'detail'],
          properties: {
            type: { type: 'string', format: 'uri' },
            title: { type: 'string' },
            status: { type: 'integer' },
            detail: { type: 'string' },
            mend: { type: 'string', description: 'What to do about it.' },
            instance: { type: 'string' },
            errors: {
              type: 'array',
              items: { type: 'object', required: ['pointer', 'message'], properties: { pointer: { type: 'string', description: 'JSON Pointer (RFC 6901)' }, message: { type: 'string' } } },
            },
          },
        },
      },
    },
  }
}
