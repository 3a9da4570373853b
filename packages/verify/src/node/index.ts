/** What the verifier does on a machine of one's own: fetch, remember, recheck, report. */
export { runVerify, VERIFY_HELP } from './command.ts'
export { Fetching, FETCH_LIMITS, type FetchLimits } from './fetching.ts'
export { verifyFile, type FileOptions } from './file.ts'
export { exitCodeOf, formatReport, harmless, reportJson } from './format.ts'
export { defaultMemoryFolder, MemoryFolder, type StoredLog } from './memory.ts'
export { recheck, type RecheckOptions } from './recheck.ts'
export { scanLog } from './scan.ts'
export { verifyUrl, type UrlOptions } from './url.ts'
