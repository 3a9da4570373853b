import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { connectExternal, parseDatabaseUrl, requireFit } from './external.ts'
import { asAdmin } from './roles.ts'

const servers = resolve(import.meta.dirname, '../../../test/servers/debian-postgres.ts')
const { debianPostgres, startDebianPostgres } = (await import(pathToFileURL(servers).href)) as {
  debianPostgres: string | undefined
  startDebianPostgres(encoding?: string): Promise<{ socket: string; stop(): Promise<void> }>
}
const parse = (address: string) => parseDatabaseUrl(address, {})

describe('the address of a database', () => {
  it('a host elsewhere must show a certificate that verifies, unless the address says otherwise', () => {
    expect(parse('postgresql://u:p@db.example.org/x').credentials.ssl).toEqual({})
    expect(parse('postgresql://u:p@db.example.org/x?sslmode=disable').credentials.ssl).toBe(false)
    expect(parse('postgresql://u:p@db.example.org/x?sslmode=require').credentials.ssl).toEqual({ rejectUnauthorized: false })
    expect(parse('postgresql://u:p@127.0.0.1/x').credentials.ssl).toBe(false)
    expect(parse('postgresql://u:p@127.evil.test/x').credentials.ssl).toEqual({})
    expect(() => parse('postgresql://u:p@h/x?sslmode=prefer')).toThrow('prefer')
  })

  it('is read in full: escapes, port, socket, defaults', () => {
    expect(parse('postgres://us%40er:p%3Ass@[::1]:6543/my%20db')).toEqual({ credentials: { host: '::1', port: 6543, user: 'us@er', password: 'p:ss', ssl: false }, database: 'my db', shown: '[::1]:6543' })
    expect(parse('postgresql://u@localhost/?host=/run/postgresql')).toMatchObject({ credentials: { host: '/run/postgresql', ssl: false }, database: 'postgres' })
  })

  it.each(['', 'nonsense', 'mysql://u@h/x', 'postgresql:///x', 'postgresql://h/x', 'postgresql://u@h/x?options=-c%20fsync%3Doff'])('is refused, and never shown with its password: %s', (address) => {
    expect(() => parse(address)).toThrow(expect.objectContaining({ code: 'bad-input' }))
    expect(() => parse('postgresql://u:hush@h:bad/x')).toThrow(expect.not.objectContaining({ message: expect.stringContaining('hush') }))
  })
})

describe('a server that will not do', () => {
  const good = { major: 15, encoding: 'UTF8', replica: false, fsync: 'on', role: 'r', super: false, createDb: true, createRole: true }
  it('is refused for its version, encoding, being a replica, fsync, or rights', () => {
    expect(() => requireFit(good, 'h')).not.toThrow()
    for (const bad of [{ major: 14 }, { encoding: 'SQL_ASCII' }, { replica: true }, { fsync: 'off' }, { createDb: false }, { createRole: false }]) {
      expect(() => requireFit({ ...good, ...bad }, 'h')).toThrow(expect.objectContaining({ code: 'refused', mend: expect.any(String) }))
    }
  })

  it.skipIf(debianPostgres === undefined)('says so before anything is made there', async () => {
    const debian = await startDebianPostgres('SQL_ASCII')
    try {
      await expect(connectExternal({ url: `postgresql://boss@localhost/?host=${debian.socket}` })).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('SQL_ASCII') })
      await expect(connectExternal({ url: `postgresql://boss@localhost/none?host=${debian.socket}` })).rejects.toMatchObject({ code: 'refused', message: expect.stringContaining('no database') })
      await expect(connectExternal({ url: `postgresql://who:hush@localhost/?host=${debian.socket}` })).rejects.toMatchObject({ code: 'refused', message: expect.not.stringContaining('hush') })
    } finally {
      await debian.stop()
    }
    await expect(connectExternal({ url: `postgresql://boss@localhost/?host=${debian.socket}` })).rejects.toMatchObject({ code: 'unreachable' })
    await expect(connectExternal({ url: `postgresql://boss@127.0.0.1:1/` })).rejects.toMatchObject({ code: 'unreachable' })
  })

  it.skipIf(debianPostgres === undefined)('a role without rights is told the statement that gives them', async () => {
    const debian = await startDebianPostgres()
    try {
      const boss = await connectExternal({ url: `postgresql://boss@localhost/?host=${debian.socket}` })
      await asAdmin(boss, 'postgres', (admin) => admin.query(`create role weak login createdb password 'weak'`))
      await expect(connectExternal({ url: `postgresql://weak:weak@localhost/?host=${debian.socket}` })).rejects.toMatchObject({ code: 'refused', mend: expect.stringContaining('ALTER ROLE "weak" CREATEDB CREATEROLE') })
    } finally {
      await debian.stop()
    }
  })
})
