import { createServer } from 'node:net'
import { isVouchsafeError } from '#core/errors'
import type { Check } from '#core/check'
import { outboundFetch } from '#core/outbound'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, type Sight } from './self-check.ts'

/** Ways to write an inside address. `PORT` stands for a listener that the check opens itself, to see whether anything arrives. */
const INSIDE: Readonly<Record<string, { url: string; resolve?: readonly string[] }>> = {
  loopback: { url: 'http://127.0.0.1:PORT/' },
  'loopback by name': { url: 'http://localhost:PORT/' },
  'loopback of IPv6': { url: 'http://[::1]:PORT/' },
  'loopback as one number': { url: 'http://2130706433:PORT/' },
  'loopback in octal': { url: 'http://0177.0.0.1:PORT/' },
  'loopback wrapped into IPv6': { url: 'http://[::ffff:127.0.0.1]:PORT/' },
  'the unspecified address': { url: 'http://0.0.0.0:PORT/' },
  "a cloud's metadata": { url: 'http://169.254.169.254/latest/meta-data/' },
  'a private network': { url: 'http://10.0.0.1/' },
  'a name that leads inside': { url: 'http://inside.example:PORT/', resolve: ['127.0.0.1'] },
  'a name that leads outside and inside': { url: 'http://both.example:PORT/', resolve: ['192.0.43.8', '127.0.0.1'] },
}

export function outboundDoorCheck({ allowPrivate }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'outbound-door',
      title: 'Addresses that people give cannot lead the program inside',
      controls: ['network-protection'],
      method: 'Hands inside addresses in eleven spellings to the door through which the program fetches what people name, and looks whether this installation was told to let them through; opens a listener of its own to see whether a connection arrives all the same. Redirects pass the same judgement and are not tried here.',
      cadenceSeconds: HOUR,
      revision: 2,
      allHold: (spellings) => `${spellings} spellings of inside addresses were refused, and no connection arrived`,
    },
    {
      targets: () => Object.keys(INSIDE),
      // The door is as tight as it is opened: what the operator allows at the start holds for every address.
      look: (target) => (allowPrivate ? fails('it is let through: the program was started with --allow-private; start it without') : tryAddress(INSIDE[target]!)),
    },
  )
}

type Fetch = typeof outboundFetch

export async function tryAddress({ url, resolve }: { url: string; resolve?: readonly string[] }, fetch: Fetch = outboundFetch): Promise<Sight> {
  let arrived = 0
  const server = createServer((socket) => {
    arrived++
    socket.destroy()
  })
  await new Promise<void>((done, fail) => server.once('error', fail).listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  try {
    const refusal = await fetch(url.replace('PORT', String(port)), { allowPrivate: false, maxBytes: 1000, timeoutMs: 3000, maxRedirects: 0, ...(resolve ? { resolve: async () => resolve } : {}) }).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (arrived > 0) return fails('a connection was made')
    if (refusal === undefined) return fails('it was fetched')
    // "Not public" is the refusal; no answer in time would mean that somebody was called.
    return isVouchsafeError(refusal, 'unreachable') && /not public/.test(refusal.message) ? holds('refused') : fails('it was not refused by rule, but failed on the way')
  } finally {
    await new Promise((done) => server.close(done))
  }
}
