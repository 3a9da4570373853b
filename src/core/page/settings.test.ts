import { expect, test } from 'vitest'
import { Settings } from './settings.ts'

test.each(['https://security.example.com', 'https://security.example.com/', 'http://localhost:7443', 'https://[2001:db8::1]:8443'])('%s is a public address', (publicUrl) => {
  expect(Settings.parse({ publicUrl }).publicUrl).toBe(new URL(publicUrl).origin)
})

// It stands in security.txt, in the Markdown twin, and in a command that readers copy into a shell.
test.each(['https://a.example/$(id)', 'https://a.example/;id', 'https://a.exa\nmple', 'https://a.example\nContact: mailto:x@y', 'https://user:hush@a.example', 'https://a.example/?x', 'https://a.example/#x', 'javascript:alert(1)', 'https://', 'https://a b'])('%j is none', (publicUrl) => {
  expect(Settings.safeParse({ publicUrl }).success).toBe(false)
})

test.each(['Evil\nCorp', 'Evil\u001b[2J', 'Evil\u202e'])('%j is no name of an organisation', (name) => {
  expect(Settings.safeParse({ name }).success).toBe(false)
})
