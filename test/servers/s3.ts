import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { refuseSignature } from './aws-signature.ts'

export const s3Keys = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY', region: 'eu-test-1', service: 's3' }

/** A small S3 in memory, one bucket, that checks every signature. `trouble` answers requests in place of it. */
export async function startS3(bucket: string) {
  const objects = new Map<string, Buffer>()
  const server = createServer((request, answer) => {
    void (async () => {
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
      const refuse = (status: number, code: string) => answer.writeHead(status, { 'content-type': 'application/xml' }).end(request.method === 'HEAD' ? undefined : `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`)
      const bad = refuseSignature(request, body, s3Keys)
      if (bad !== undefined) return refuse(403, bad)
      const trouble = s3.trouble?.(request)
      if (trouble === 'cut') return request.socket.destroy()
      if (typeof trouble === 'number') return refuse(trouble, 'SlowDown')
      const url = new URL(request.url ?? '/', 'http://x')
      const [, inBucket, ...rest] = url.pathname.split('/').map(decodeURIComponent)
      if (inBucket !== bucket) return refuse(404, 'NoSuchBucket')
      const key = rest.join('/')
      if (key === '') return answer.end(listing(objects, url.searchParams))
      const found = objects.get(key)
      switch (request.method) {
        case 'PUT':
          if (request.headers['if-none-match'] === '*' && found !== undefined) return refuse(412, 'PreconditionFailed')
          objects.set(key, body)
          if (s3.trouble?.(request, true) === 'cut') return request.socket.destroy()
          return answer.end()
        case 'DELETE':
          objects.delete(key)
          return answer.writeHead(204).end()
        default:
          if (found === undefined) return refuse(404, 'NoSuchKey')
          answer.setHeader('content-length', found.length)
          return answer.end(request.method === 'HEAD' ? undefined : found)
      }
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const s3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    trouble: undefined as undefined | ((request: IncomingMessage, written?: boolean) => number | 'cut' | undefined),
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return s3
}

/** Three keys a page, so that paging is tried. */
function listing(objects: Map<string, Buffer>, query: URLSearchParams): string {
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '')).toSorted()
  const from = Number(Buffer.from(query.get('continuation-token') ?? '', 'base64').toString() || 0)
  const page = keys.slice(from, from + 3)
  const more = from + 3 < keys.length
  return `<?xml version="1.0"?><ListBucketResult>${page.map((key) => `<Contents><Key>${key.replaceAll('&', '&amp;')}</Key><Size>1</Size></Contents>`).join('')}<IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${Buffer.from(String(from + 3)).toString('base64')}</NextContinuationToken>` : ''}</ListBucketResult>`
}
