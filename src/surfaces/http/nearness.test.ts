import { expect, test } from 'vitest'
import { beganHere, type Arrival } from './nearness.ts'

const here: Arrival = { httpVersion: '1.1', headers: { host: 'localhost:7443' }, socket: { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' } }

test.each<[string, Partial<Arrival>]>([
  ['by name', {}],
  ['by number', { headers: { host: '127.0.0.1:7443' } }],
  ['by IPv6', { headers: { host: '[::1]:7443' }, socket: { remoteAddress: '::1', localAddress: '::1' } }],
  ['through a socket for both families', { socket: { remoteAddress: '::ffff:127.0.0.1', localAddress: '::ffff:127.0.0.1' } }],
  ['at an address of its own in a network', { headers: { host: '192.168.1.5:7443' }, socket: { remoteAddress: '192.168.1.5', localAddress: '192.168.1.5' } }],
])('somebody at this machine is here: %s', (_how, change) => expect(beganHere({ ...here, ...change })).toBe(true))

test.each<[string, Partial<Arrival>]>([
  ['from another machine', { socket: { remoteAddress: '192.168.1.9', localAddress: '192.168.1.5' }, headers: { host: '192.168.1.5' } }],
  ['from another machine that says localhost', { socket: { remoteAddress: '192.168.1.9', localAddress: '192.168.1.5' } }],
  ['from nowhere', { socket: {} }],
  ['under the public name, as proxies pass on', { headers: { host: 'security.example.com' } }],
  ['under no name', { headers: {} }],
  ['as HTTP/1.0, as proxies speak', { httpVersion: '1.0' }],
  ['with a host in its target, as proxies are asked', { url: 'http://localhost:7443/' }],
  ...['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].map((name): [string, Partial<Arrival>] => [`with ${name}`, { headers: { host: 'localhost:7443', [name]: '203.0.113.9' } }]),
])('what came from elsewhere is not here: %s', (_how, change) => expect(beganHere({ ...here, ...change })).toBe(false))
