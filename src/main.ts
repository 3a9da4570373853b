#!/usr/bin/env node
import { buffer } from 'node:stream/consumers'
import { runCommandLine } from './surfaces/cli/index.ts'

process.exitCode = await runCommandLine(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stdin: () => buffer(process.stdin),
  env: process.env,
  cwd: process.cwd(),
  interactive: process.stdout.isTTY === true,
})
