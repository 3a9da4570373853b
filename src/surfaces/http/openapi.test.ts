import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { defineContract, routesOf } from '#core/module'
import { spineApi, type SpineParts } from './spine/index.ts'
import { addressOf, openApiDocument } from './openapi.ts'

type Schema = Record<string, unknown>
interface Operation {
  operationId: string
  summary: string
  security: object[]
  'x-permission': string
  'x-step-up'?: boolean
  parameters: { name: string; in: string; required: boolean; schema: Schema }[]
  requestBody?: { content: Record<string, { schema: Schema }> }
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>
}

// The routes are declared, not called: what they would ask of an installation is not there.
const api = spineApi({} as SpineParts)
const document = openApiDocument([api], '0.1.0') as { openapi: string; paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))

describe('the OpenAPI document', () => {
  test('is of version 3.1 and holds every route once', () => {
    expect(document.openapi).toMatch(/^3\.1\.\d+$/)
    expect(operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`).sort()).toEqual(api.routes.map((route) => `${addressOf(route).method} ${addressOf(route).template}`).sort())
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('names every path parameter as one that is required, and no other', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      expect(operation.parameters.filter((parameter) => parameter.in === 'path').map((parameter) => [parameter.name, parameter.required]), path).toEqual(inPath.map((name) => [name, true]))
    }
  })

  test('says of every operation what it needs: nothing, a session, a token where nothing is dangerous, or the operator', () => {
    for (const { path, operation } of operations) {
      const [permission, stepUp] = [operation['x-permission'], operation['x-step-up'] === true]
      expect(operation.security, path).toEqual(permission === 'anyone' ? [{}] : permission === 'signed-in' ? [{ session: [] }] : [{ session: [] }, ...(stepUp ? [] : [{ token: [] }]), { operator: [] }])
      expect(operation.summary.length, path).toBeGreaterThan(10)
      expect(Object.keys(operation.responses), path).toContain('default')
    }
  })

  test('has schemas that are JSON Schema 2020-12, each of which can be read back', () => {
    const schemas = operations.flatMap(({ operation }) => [
      ...operation.parameters.map((parameter) => parameter.schema),
      ...Object.values(operation.requestBody?.content ?? {}).map((content) => content.schema),
      ...Object.values(operation.responses).flatMap((response) => Object.values(response.content ?? {}).map((content) => content.schema)),
    ])
    expect(schemas.length).toBeGreaterThan(50)
    for (const schema of schemas) {
      if ('$ref' in schema) {
        expect(document.components.schemas).toHaveProperty(String(schema['$ref']).replace('#/components/schemas/', ''))
        continue
      }
      expect(schema).not.toHaveProperty('$schema')
      expect(() => z.fromJSONSchema(schema as never), JSON.stringify(schema).slice(0, 300)).not.toThrow()
    }
  })

  test('can be sent as it is', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
  })

  test('shows a route of another contract under its own title and permission', () => {
    const contract = defineContract({ id: 'room', title: 'A room', needs: [], tables: {}, permissions: { 'room.enter': 'Enter' }, events: {} })
    const route = routesOf(contract)({ on: 'PUT /rooms/{name}', permit: 'room.enter', summary: 'Enter a room', params: z.object({ name: z.string() }), body: z.strictObject({ why: z.string() }), reply: z.object({ ok: z.boolean() }), handle: async () => ({ body: { ok: true } }) })
    const made = openApiDocument([{ contract, routes: [route] }], '1') as typeof document
    expect(made.paths['/api/v1/rooms/{name}']!['put']).toMatchObject({ tags: ['A room'], 'x-permission': 'room.enter', requestBody: { required: true } })
  })
})
