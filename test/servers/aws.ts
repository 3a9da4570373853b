import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { listen } from './listen.ts'
import type { Reply, Request, TestServer } from './listen.ts'

/** What the account of the test's AWS is like. Shapes: IAM API 2010-05-08 (query, XML) and CloudTrail 20131101 (JSON 1.1). */
export interface AwsAccount {
  rootMfa: boolean
  rootAccessKeys: number
  passwordPolicy?: { minimumLength: number; reusePrevention?: number }
  trails: { name: string; multiRegion: boolean; logging: boolean; validation: boolean }[]
  users: { name: string; password: boolean; mfa: boolean }[]
}
export interface AwsOptions {
  account: AwsAccount
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
  pageSize?: number
  limitFirst?: number
  now?: () => Date
}

/** A server that answers as IAM and CloudTrail do, and verifies Signature Version 4 as AWS documents it, from nothing but the wire. */
export async function startAws(options: AwsOptions): Promise<TestServer> {
  const now = options.now ?? (() => new Date())
  const { account, pageSize = 2 } = options
  let toLimit = options.limitFirst ?? 0
  return listen((request): Reply => {
    const target = request.headers['x-amz-target']
    const service = target === undefined ? 'iam' : 'cloudtrail'
    const refusal = verifySignature(request, service)
    if (refusal !== undefined) {
      return service === 'iam'
        ? xml(403, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${refusal}</Code><Message>The request signature we calculated does not match.</Message></Error></ErrorResponse>`)
        : { status: 400, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: { __type: refusal, message: 'The request signature we calculated does not match.' } }
    }
    if (toLimit > 0) {
      toLimit--
      return { status: 503, headers: { 'retry-after': '1' }, body: '' }
    }
    return service === 'iam' ? iam(new URLSearchParams(request.body.toString())) : cloudTrail(String(target), JSON.parse(request.body.toString()) as Record<string, string>)
  })

  function iam(form: URLSearchParams): Reply {
    if (form.get('Version') !== '2010-05-08') return xml(400, '<ErrorResponse><Error><Code>NoSuchVersion</Code></Error></ErrorResponse>')
    const action = form.get('Action') ?? ''
    const reply = (result: string): Reply =>
      xml(200, `<?xml version="1.0" encoding="UTF-8"?>\n<${action}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">\n  <${action}Result>${result}</${action}Result>\n  <ResponseMetadata><RequestId>${crypto.randomUUID()}</RequestId></ResponseMetadata>\n</${action}Response>`)
    const missing = xml(404, '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>It cannot be found.</Message></Error><RequestId>1</RequestId></ErrorResponse>')
    if (action === 'GetAccountSummary') {
      const entries = { Users: account.users.length, AccountMFAEnabled: Number(account.rootMfa), AccountAccessKeysPresent: account.rootAccessKeys, MFADevices: 1, Groups: 3 }
      return reply(`<SummaryMap>${Object.entries(entries).map(([key, value]) => `<entry><key>${key}</key><value>${value}</value></entry>`).join('')}</SummaryMap>`)
    }
    if (action === 'GetAccountPasswordPolicy') {
      if (!account.passwordPolicy) return missing
      const { minimumLength, reusePrevention } = account.passwordPolicy
      return reply(`<PasswordPolicy><AllowUsersToChangePassword>true</AllowUsersToChangePassword><MinimumPasswordLength>${minimumLength}</MinimumPasswordLength>${reusePrevention === undefined ? '' : `<PasswordReusePrevention>${reusePrevention}</PasswordReusePrevention>`}<RequireSymbols>true</RequireSymbols></PasswordPolicy>`)
    }
    if (action === 'ListUsers') {
      const from = form.get('Marker') === null ? 0 : Number(Buffer.from(form.get('Marker') ?? '', 'base64').toString())
      if (Number.isNaN(from)) return xml(400, '<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>')
      const more = from + pageSize < account.users.length
      const members = account.users.slice(from, from + pageSize).map(({ name }) => `<member><Path>/</Path><UserName>${name}</UserName><Arn>arn:aws:iam::123456789012:user/${name}</Arn></member>`)
      return reply(`<IsTruncated>${more}</IsTruncated>${more ? `<Marker>${Buffer.from(String(from + pageSize)).toString('base64')}</Marker>` : ''}<Users>${members.join('')}</Users>`)
    }
    const user = account.users.find(({ name }) => name === form.get('UserName'))
    if (!user) return missing
    if (action === 'GetLoginProfile') return user.password ? reply(`<LoginProfile><UserName>${user.name}</UserName><CreateDate>2024-01-01T00:00:00Z</CreateDate></LoginProfile>`) : missing
    if (action === 'ListMFADevices') return reply(`<IsTruncated>false</IsTruncated><MFADevices>${user.mfa ? `<member><UserName>${user.name}</UserName><SerialNumber>arn:aws:iam::123456789012:mfa/${user.name}</SerialNumber></member>` : ''}</MFADevices>`)
    return xml(400, '<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>')
  }

  function cloudTrail(target: string, body: Record<string, string>): Reply {
    const headers = { 'content-type': 'application/x-amz-json-1.1' }
    const action = /^com\.amazonaws\.cloudtrail\.v20131101\.CloudTrail_20131101\.(\w+)$/.exec(target)?.[1]
    if (action === 'DescribeTrails') {
      return { headers, body: { trailList: account.trails.map(({ name, multiRegion, validation }) => ({ Name: name, TrailARN: `arn:aws:cloudtrail:eu-west-1:123456789012:trail/${name}`, HomeRegion: 'eu-west-1', S3BucketName: 'trail', IsMultiRegionTrail: multiRegion, LogFileValidationEnabled: validation, IncludeGlobalServiceEvents: true, IsOrganizationTrail: false })) } }
    }
    const trail = account.trails.find(({ name }) => body['Name'] === name || body['Name'] === `arn:aws:cloudtrail:eu-west-1:123456789012:trail/${name}`)
    if (action === 'GetTrailStatus') return trail ? { headers, body: { IsLogging: trail.logging, LatestDeliveryTime: 1_767_000_000.25 } } : { status: 400, headers, body: { __type: 'TrailNotFoundException' } }
    return { status: 400, headers, body: { __type: 'UnknownOperationException' } }
  }

  /** docs.aws.amazon.com, "Create a signed AWS API request". Gives AWS's error code, or undefined when it is right. */
  function verifySignature(request: Request, service: string): string | undefined {
    const match = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(request.headers.authorization ?? '')
    if (!match) return 'MissingAuthenticationToken'
    const [, keyId, day = '', region = '', signedFor, names = '', signature = ''] = match
    if (keyId !== options.accessKeyId) return 'InvalidClientTokenId'
    if (signedFor !== service) return 'SignatureDoesNotMatch'
    if ((options.sessionToken ?? undefined) !== request.headers['x-amz-security-token']) return 'InvalidClientTokenId'
    const stamp = String(request.headers['x-amz-date'] ?? '')
    const at = Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
    if (!(Math.abs(at - now().getTime()) < 15 * 60_000) || !stamp.startsWith(day)) return 'RequestExpired'
    const signedHeaders = names.split(';')
    if (!signedHeaders.includes('host') || !signedHeaders.includes('x-amz-date')) return 'SignatureDoesNotMatch'
    const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
    const mac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest()
    const query = [...request.query].map(([key, value]) => [encodeURIComponent(key), encodeURIComponent(value)]).sort(([a = ''], [b = '']) => (a < b ? -1 : Number(a > b))).map((pair) => pair.join('=')).join('&')
    const canonical = [request.method, request.path, query, ...signedHeaders.map((name) => `${name}:${String(request.headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`), '', names, hash(request.body)].join('\n')
    const scope = `${day}/${region}/${service}/aws4_request`
    const key = mac(mac(mac(mac(`AWS4${options.secretAccessKey}`, day), region), service), 'aws4_request')
    const right = mac(key, ['AWS4-HMAC-SHA256', stamp, scope, hash(canonical)].join('\n'))
    return timingSafeEqual(right, Buffer.from(signature, 'hex')) ? undefined : 'SignatureDoesNotMatch'
  }
}

const xml = (status: number, body: string): Reply => ({ status, headers: { 'content-type': 'text/xml' }, body })
