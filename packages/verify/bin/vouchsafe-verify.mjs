#!/usr/bin/env node
import { runVerify } from '../dist/node/index.js'

const io = { at: Date.now(), out: (text) => process.stdout.write(text), err: (text) => process.stderr.write(text) }
process.exitCode = await runVerify(process.argv.slice(2), io)
