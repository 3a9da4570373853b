import { defineContract } from '#core/module'

/** The installation itself as something to be checked. It keeps nothing and brings no words of its own. */
export const installation = defineContract({
  id: 'installation',
  title: 'This installation',
  needs: [],
  tables: {},
  permissions: {},
  events: {},
})
