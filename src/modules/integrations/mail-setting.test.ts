import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { headerText, mailAddress } from './header.ts'
import { paceOf, readLetter } from './letter.ts'
import { noticeLetter, testLetter } from './letters.ts'
import { judgeMailSetting, MailSettingInput } from './mail-setting.ts'
import { judged } from './smtp.ts'

const input = (change: object = {}) => MailSettingInput.parse({ host: 'mail.example.com', port: 587, fromAddress: 'security@example.com', fromName: 'Harbour', ...change })
const judge = (change: object = {}, allowAnyPort = false) => judgeMailSetting(input(change), { allowAnyPort })

describe('the mail server', () => {
  it('is spoken to over TLS unless it is this machine', () => {
    expect(judge().tls).toBe('starttls')
    expect(() => judge({ tls: 'none' })).toThrow('only a mail server on this machine')
    for (const host of ['127.0.0.1', 'localhost', '::1']) expect(judge({ tls: 'none', host, port: 25 }).tls).toBe('none')
    for (const host of ['127.0.0.1.example.com', 'localhost.example.com', '128.0.0.1']) expect(() => judge({ tls: 'none', host })).toThrow('only a mail server on this machine')
  })
  it('never gets a password in the clear', () => expect(() => judge({ tls: 'none', host: 'localhost', username: 'u', password: 'p' })).toThrow('not sent in the clear'))
  it('listens on a port of mail, unless the operator allows what is inside', () => {
    expect(() => judge({ port: 6379 })).toThrow('must be one of')
    expect(judge({ port: 6379 }, true).port).toBe(6379)
  })
  it.each([{ host: 'a b' }, { host: 'mail.example.com\r\nEHLO x' }, { host: '' }, { port: 0 }, { port: 70000 }, { tls: 'maybe' }, { extra: 1 }])('%o is not taken', (change) => expect(() => input(change)).toThrow())
  it.each([{ fromAddress: 'a@b.example, c@d.example' }, { fromAddress: 'a@b.example\r\nBcc: x@y.example' }, { fromName: 'A\r\nBcc: x@y.example' }, { username: 'a\0b' }, { username: 'u', password: 'a\r\nb' }, { password: 'p' }, { authority: 'no certificate' }])('%o is refused', (change) => expect(() => judge(change)).toThrow('cannot be set'))
})

describe('headers', () => {
  it('hold one line, whatever somebody wants to put into them', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      let line: string
      try {
        line = headerText(text, 'subject')
      } catch {
        return
      }
      // eslint-disable-next-line no-control-regex -- what must not be in it
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    }), { numRuns: 1000 })
    for (const text of ['a\nb', 'a\r\nBcc: b@c.example', 'a\0', 'a\u2028b', 'a\u202eb', '', ' ', '\ud800', 'x'.repeat(201)]) expect(() => headerText(text, 'subject')).toThrow()
    expect(headerText('Einladung von Jürgen – 東京', 'subject')).toBe('Einladung von Jürgen – 東京')
  })
  it('name one address and no more', () => {
    for (const text of ['a@b.example, c@d.example', 'a@b.example; c@d.example', 'A <a@b.example>', 'a@b.example\r\nBcc: c@d.example', 'group: a@b.example;', '"a b"@c.example', 'a@b.example (x)', '@b.example', 'a@']) expect(() => mailAddress(text), text).toThrow()
    expect(mailAddress('ada@bücher.example')).toBe('ada@xn--bcher-kva.example')
  })
})

describe('letters', () => {
  it('are refused before they are queued when they cannot be sent', () => {
    expect(() => readLetter({ to: 'ada@example.com', subject: 'a\r\nBcc: x@y.example', text: '' })).toThrow('line break')
    expect(() => readLetter({ to: 'ada@example.com\nx', subject: 'a', text: '' })).toThrow('no e-mail address')
    expect(() => readLetter({ to: 'ada@example.com', subject: 'a', text: 'x'.repeat(300_000) })).toThrow('at most')
  })
  it('go slower and then not at all where one address gets too many', () => {
    expect(paceOf({ lastHour: 19, lastDay: 19 })).toEqual({ kind: 'now' })
    expect(paceOf({ lastHour: 20, lastDay: 20 })).toMatchObject({ kind: 'later' })
    expect(paceOf({ lastHour: 0, lastDay: 100 })).toEqual({ kind: 'dropped' })
  })
  it('of our own are letters for any name and any notice', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }), fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 150 }), (first, more) => {
      for (const said of [testLetter({ name: 'Harbour', at: new Date(0) }), noticeLetter({ name: 'Harbour', notices: [first], consoleUrl: 'https://x.example/console' }), noticeLetter({ notices: more, consoleUrl: 'https://x.example/console' })]) {
        expect(() => readLetter({ to: 'ada@example.com', ...said })).not.toThrow()
      }
    }))
  })
  it('of notices say each of them, and where to look', () => {
    const said = noticeLetter({ name: 'Harbour', notices: ['Soon stale: "We encrypt"', 'Promise soon due'], consoleUrl: 'https://x.example/console' })
    expect(said).toEqual({ subject: 'Harbour: 2 things need you', text: '- Soon stale: "We encrypt"\n- Promise soon due\n\nSee https://x.example/console\n\nYou are told because you are an owner.\n' })
    expect(noticeLetter({ name: 'Harbour', notices: ['Soon stale: "We encrypt"'], consoleUrl: 'x' }).subject).toBe('Harbour: Soon stale: "We encrypt"')
  })
})

describe('what a failure means', () => {
  it('is the fault of the letter only where the server says so of its recipient', () => {
    expect(judged({ code: 'EENVELOPE', responseCode: 550, command: 'RCPT TO', message: 'no such user' })).toEqual({ kind: 'refused', problem: 'no such user' })
    expect(judged({ code: 'EENVELOPE', responseCode: 451, command: 'RCPT TO', message: 'later' }).kind).toBe('deferred')
    expect(judged({ code: 'EMESSAGE', responseCode: 554, command: 'DATA', message: 'spam' }).kind).toBe('refused')
    for (const failure of [{ code: 'EENVELOPE', responseCode: 550, command: 'MAIL FROM' }, { code: 'EAUTH', responseCode: 535 }, { code: 'ESOCKET' }, { code: 'ETLS' }, { code: 'EENVELOPE', responseCode: 421, command: 'RCPT TO' }, {}]) expect(judged(failure).kind).toBe('down')
  })
  it('is told in one line without what could move a terminal', () => expect(judged({ message: 'a\r\n\u001b[31mb' })).toEqual({ kind: 'down', problem: 'a [31mb' }))
})
