import { isVouchsafeError, VouchsafeError } from '#core/errors'
import { auditedAs, routesOf, type Route } from '#core/module'
import type { Access } from '#core/permission'
import { authentication } from './contract.ts'
import type { Security } from './security.ts'
import { SecurityChange, SecuritySettings } from './security-settings.ts'
import type { KeptSecuritySettings } from './store.ts'

const route = routesOf(authentication)
const Shown = SecuritySettings.partial()

export function securityRoutes(security: Security): readonly Route<typeof authentication>[] {
  const shown = (access: Access, { settings, version }: KeptSecuritySettings) => {
    const body = access.visible('security-setting', settings)
    if (body === undefined) throw new VouchsafeError('not-found', 'There are no security settings here.')
    return { body, etag: String(version) }
  }
  return [
    route({ on: 'GET /security-settings', permit: 'security-setting.read', summary: 'What the organisation decides about signing in', reply: Shown, handle: async ({ access }) => shown(access, await security.current()) }),
    route({
      on: 'PATCH /security-settings',
      permit: 'security-setting.change',
      stepUp: true,
      summary: 'Change some of the security settings; If-Match names what the change is based on',
      body: SecurityChange,
      reply: Shown,
      handle: async ({ access, actor, client, body, ifMatch }) => {
        access.requireWritable('security-setting', Object.keys(body), (await security.current()).settings)
        try {
          return shown(access, await security.change(body, { by: auditedAs(actor), address: client.address, basedOn: ifMatch }))
        } catch (error) {
          if (!isVouchsafeError(error, 'precondition-failed')) throw error
          // What they are now, as far as whoever asks may read it.
          throw new VouchsafeError(error.code, error.message, { ...(error.mend === undefined ? {} : { mend: error.mend }), current: shown(access, await security.current()).body, cause: error })
        }
      },
    }),
  ]
}
