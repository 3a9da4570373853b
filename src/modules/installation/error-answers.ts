import type { Check } from '#core/check'
import { ask, type OwnAnswer } from './own-listener.ts'
import type { InstallationParts } from './parts.ts'
import { fails, holds, HOUR, selfCheck, type Sight } from './self-check.ts'

/** Requests that ought to be refused, each with something that a careless program trips over. */
const REQUESTS: Readonly<Record<string, { path: string; method?: string; headers?: Record<string, string>; body?: string }>> = {
  'an unknown address': { path: '/api/v1/no-such-thing' },
  'a broken escape': { path: '/claims/%E0%A4%A' },
  'a path that climbs': { path: '/log/%2e%2e/%2e%2e/etc/passwd' },
  'a null character': { path: '/claims/%00' },
  'a body that is no JSON': { path: '/api/v1/observations', method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":' },
  'a body nested deeply': { path: '/api/v1/observations', method: 'POST', headers: { 'content-type': 'application/json' }, body: '['.repeat(20_000) },
  'a query that injects': { path: `/api/v1/claims?cursor=${encodeURIComponent("'; drop table audit.event; --")}` },
}

export function errorAnswersCheck({ localUrl, releaseRoot, dataFolder }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'error-answers',
      title: 'Bad requests are refused without a word about the inside',
      controls: ['secure-defaults'],
      method: 'Sends malformed and hostile requests to our own listener: each must be answered by a refusal (4xx) that holds no stack trace, no path of this machine, and no name of the software behind it.',
      cadenceSeconds: HOUR,
      revision: 1,
      allHold: (requests) => `${requests} kinds of bad requests were refused without telling anything of the inside`,
    },
    {
      targets: () => Object.keys(REQUESTS),
      look: async (name, { signal }) => {
        const { path, ...request } = REQUESTS[name]!
        return judgeRefusal(await ask(localUrl(), path, { ...request, signal }), [releaseRoot, dataFolder])
      },
    },
  )
}

export function judgeRefusal(answer: OwnAnswer, paths: readonly string[]): Sight {
  if (answer.status >= 500) return fails(`answered ${answer.status}: the program tripped over it`, { status: answer.status })
  if (answer.status < 400) return fails(`answered ${answer.status} instead of refusing`, { status: answer.status })
  if (/\n\s+at .+:\d+:\d+|node_modules\/|node:internal/.test(answer.text)) return fails('the answer holds a stack trace')
  if (paths.some((path) => path.length > 4 && answer.text.includes(path))) return fails('the answer holds a path of this machine')
  const software = ['server', 'x-powered-by', 'x-aspnet-version'].find((header) => answer.headers.has(header))
  if (software) return fails(`the answer names its software (${software})`)
  return holds(`refused with ${answer.status}`, { status: answer.status })
}
