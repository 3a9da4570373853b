import { sha256 } from '#platform'
import { toHex, utf8 } from '../bytes.ts'

/**
 * The form of a sentence that its digest is taken over: NFC (Unicode UAX #15), every run of white space one
 * space, trimmed. Case, punctuation and links count: a changed address is a changed promise.
 */
export const normaliseSentence = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim()

/** SHA-256 of the normalised sentence in UTF-8, in hexadecimal: how bindings and snapshots name its wording. */
export const sentenceDigest = (text: string): string => toHex(sha256(utf8(normaliseSentence(text))))
