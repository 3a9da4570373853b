import { defineContract } from '#core/module'

/** The hosts that the organisation declares, looked at from outside. It keeps nothing and brings no words of its own. */
export const domain = defineContract({
  id: 'domain',
  title: 'Public addresses',
  needs: [],
  tables: {},
  permissions: {},
  events: {},
})
