/** The one way out for addresses that people give us. */
export { outboundFetch } from './outbound-fetch.ts'
export type { OutboundAnswer, OutboundOptions } from './outbound-fetch.ts'
