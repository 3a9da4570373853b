/**
 * What the caller supplies to judge an OpenPGP cleartext signature (RFC 9580 §7); the probe brings no OpenPGP of its own.
 * @param text the whole file as served, both armour lines included
 * @param keys armoured or binary keys that the file's own Encryption fields led to (at most four, 64 KiB each)
 * @param at the moment at which the signature and its key must be valid
 */
export type VerifyOpenPgp = (text: string, keys: readonly { uri: string; bytes: Uint8Array }[], at: Date) => Promise<OpenPgpVerdict>

/** `no-key`: none of the keys made this signature, so nothing can be told. `detail` is shown to people. */
export type OpenPgpVerdict = { kind: 'good'; fingerprint: string } | { kind: 'bad'; detail: string } | { kind: 'no-key'; detail: string }
