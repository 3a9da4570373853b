/** The one way out for addresses that people give us. */
export { isPublicAddress } from './address.ts'
export { outboundFetch } from './outbound-fetch.ts'
export type { OutboundAnswer, OutboundOptions } from './outbound-fetch.ts'
