import { spawn, type ChildProcess } from 'node:child_process'
import { accessSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { newKeyPair, selfSigned } from './certificate.ts'

/** Where Debian's package simplesamlphp lies; its programs run by php-cli's own server. */
const HOME = '/usr/share/simplesamlphp'
const isThere = (path: string): boolean => {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}
/** Those of the programs that are absent; a test names them when it is skipped. */
export const missingForSaml = (): string[] => [...(isThere(`${HOME}/www/saml2/idp/SSOService.php`) ? [] : ['simplesamlphp']), ...(isThere('/usr/bin/php') ? [] : ['php-cli'])]

export interface SamlServer {
  url: string
  issuer: string
  metadata(): Promise<string>
  /** What an administrator there writes down about Vouchsafe. */
  register(serviceProvider: { entityId: string; acs: string; logout: string; certificate: string; encrypts?: boolean }): void
  close(): Promise<void>
}

/**
 * A real SAML provider (SimpleSAMLphp) on loopback, with its own folder for everything. Its people: ada and bo, password
 * `correct horse`; their NameID is persistent, their groups are `staff` and their own name.
 */
export async function startSimpleSaml(): Promise<SamlServer> {
  const folder = mkdtempSync(join(tmpdir(), 'vouchsafe-saml-'))
  const port = await freePort()
  const url = `http://localhost:${port}`
  const issuer = `${url}/the-provider`
  const pair = await newKeyPair()
  for (const part of ['metadata', 'cert', 'log', 'data', 'temp', 'sessions']) mkdirSync(join(folder, part))
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text)
  write('cert/key.pem', pair.privateKey)
  write('cert/cert.pem', selfSigned(pair, 'idp.example', new Date()))
  write('config.php', `<?php
$config = [
  'baseurlpath' => '${url}/', 'certdir' => '${folder}/cert/', 'loggingdir' => '${folder}/log/', 'datadir' => '${folder}/data/', 'tempdir' => '${folder}/temp',
  'technicalcontact_name' => 'Test', 'technicalcontact_email' => 'test@example.com', 'secretsalt' => 'salt of the test', 'auth.adminpassword' => 'not used by the test',
  'enable.saml20-idp' => true, 'debug' => null, 'showerrors' => true, 'logging.handler' => 'file', 'timezone' => 'UTC',
  'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
  'session.cookie.secure' => false, 'session.cookie.samesite' => null, 'session.phpsession.savepath' => '${folder}/sessions', 'session.phpsession.cookiename' => 'SimpleSAML', 'session.phpsession.httponly' => true,
  'language.default' => 'en', 'language.available' => ['en'], 'theme.use' => 'default',
  'metadata.sources' => [['type' => 'flatfile', 'directory' => '${folder}/metadata']],
  'store.type' => 'phpsession',
];
`)
  write('authsources.php', `<?php
$config = [
  'people' => ['exampleauth:UserPass',
    'ada:correct horse' => ['uid' => ['ada'], 'mail' => ['ada@example.com'], 'displayName' => ['Ada Example'], 'groups' => ['staff', 'ada']],
    'bo:correct horse' => ['uid' => ['bo'], 'mail' => ['bo@example.com'], 'displayName' => ['Bo Example'], 'groups' => ['staff', 'bo']],
  ],
];
`)
  write('metadata/saml20-idp-hosted.php', `<?php
$metadata['${issuer}'] = [
  'host' => '__DEFAULT__', 'privatekey' => 'key.pem', 'certificate' => 'cert.pem', 'auth' => 'people', 'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'NameIDFormat' => ['urn:oasis:names:tc:SAML:2.0:nameid-format:persistent'], 'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
  'sign.logout' => true, 'validate.logout' => true, 'saml20.sign.response' => true, 'saml20.sign.assertion' => true,
  'authproc' => [1 => ['class' => 'saml:PersistentNameID', 'identifyingAttribute' => 'uid', 'attribute' => 'uid']],
];
`)
  write('metadata/saml20-sp-remote.php', '<?php\n')
  const child: ChildProcess = spawn('/usr/bin/php', ['-S', `127.0.0.1:${port}`, '-t', `${HOME}/www`], { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] ?? '', SIMPLESAMLPHP_CONFIG_DIR: folder, PHP_CLI_SERVER_WORKERS: '4' }, detached: true })
  child.stderr?.resume()
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      process.kill(-child.pid, 'SIGTERM') // with its workers: they are a group of their own
      await ended
    }
    rmSync(folder, { recursive: true, force: true })
  }
  const metadata = async (): Promise<string> => (await fetch(`${url}/saml2/idp/metadata.php?output=xml`)).text()
  for (let tries = 0; ; tries++) {
    const text = await metadata().catch(() => '')
    if (text.includes('EntityDescriptor')) break
    if (tries > 100) {
      await stop()
      throw new Error(`SimpleSAMLphp does not start: ${text.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ').slice(0, 2000)}`)
    }
    await sleep(100)
  }
  const known: string[] = []
  return {
    url,
    issuer,
    metadata,
    register({ entityId, acs, logout, certificate, encrypts = false }) {
      known.push(`$metadata['${entityId}'] = ['AssertionConsumerService' => '${acs}', 'SingleLogoutService' => '${logout}', 'certData' => '${certificate.replace(/-----[^-]+-----|\s/g, '')}', 'validate.authnrequest' => true, 'sign.logout' => true, 'validate.logout' => true, 'assertion.encryption' => ${encrypts}, 'simplesaml.attributes' => true];\n`)
      write('metadata/saml20-sp-remote.php', `<?php\n${known.join('')}`)
    },
    close: stop,
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
