/**
 * What the statements of the log say. Every member of a public statement is readable by strangers for ever,
 * so none may hold personal data, a host name of an inner network, or anything that a company may have to erase.
 * Digests and keys are lower-case hexadecimal; instants are RFC 3339 in UTC with whole seconds.
 */
export type Hex = string
export type Instant = string

export type Strength = 'definite' | 'hedged' | 'negative'
export type Verdict = 'holds' | 'fails' | 'unknown'

/** Who can vouch for a result: our software alone, or also whoever runs the same probe from outside. */
export type Vouching = 'software' | 'recheckable'

/** The first leaf of every log. */
export interface Genesis {
  /** 32 hexadecimal digits, random; the log's origin is made of it, and of no address. */
  organisation: Hex
  origin: string
  /** Raw Ed25519 key that signs this statement and, until a key statement says otherwise, all others. */
  statementKey: Hex
  /** Set when this log follows one that was lost or rolled back: the last thing known of it. */
  predecessor?: { origin: string; size: number; root: Hex; reason: string }
  at: Instant
}

/** A key begins or stops to count. Signed by a statement key that counts already. */
export interface KeyChange {
  action: 'added' | 'revoked'
  /** `encryption` signs nothing: files are encrypted to it. */
  purpose: 'statement' | 'attestation' | 'runner' | 'sender' | 'encryption'
  /** Raw Ed25519 key; for `encryption` a raw X25519 key (RFC 7748, age's recipient); with `rpId` a COSE_Key. */
  key: Hex
  /** The key is a passkey's, made for this host: what it signs is a WebAuthn assertion. For `attestation` only. */
  rpId?: string
  /** Random id of the person or program that holds it; never a name. */
  holder: string
  /** What the holder may be called on the page: 'Head of Infrastructure', 'scanner in the build system'. */
  role: string
  at: Instant
}

/** A witness is asked for cosignatures from now on, or no longer. */
export interface WitnessChange {
  action: 'added' | 'removed'
  vkey: string
  /** Whether the log's own operator runs it: such a cosignature adds little, and readers are told. */
  operator: 'own' | 'other'
  at: Instant
}

/**
 * Ties one sentence to one check: from here on, slot k is due at `start` + k · `cadenceSeconds`, and every
 * due slot has exactly one slot result. Whatever would change what a result means needs a new binding.
 */
export interface Binding {
  claim: string
  sentence: Hex
  strength: Strength
  scope?: string
  policy: { id: string; version: number; digest: Hex }
  /** Every control that the claim rests on, primary first. */
  controls: readonly string[]
  /** Those of them that this check speaks to. */
  covers: readonly string[]
  check: { id: string; definition: Hex }
  /** Digest of the running release, which is what made the observation. */
  release: Hex
  /** The list of targets that the check was told to cover, committed to with a salt. */
  targets: { count: number; commitment: Hex }
  start: Instant
  cadenceSeconds: number
  freshnessSeconds: number
  /** So many decisive runs in a row must fail before the claim is broken. */
  confirmations: number
  /** How often a run that could not tell may be tried again within its slot. */
  maxAttempts: number
  /** Whether the check could have found the opposite of the sentence; needed by negative claims. */
  canContradict: boolean
  vouching: Vouching
  /** Version of the state function (claim/state.ts) that reads these results. */
  stateFunction: 1
  predecessor?: { binding: Hex; lastSlot: number }
}

/** The one entry of one slot. */
export interface SlotResult {
  binding: Hex
  slot: number
  verdict: Verdict | 'not-run'
  /** Runs made in this slot; 0 exactly when `not-run`. */
  attempts: number
  /** When the last of them ended; absent exactly when `not-run`. */
  observedAt?: Instant
  targets: { covered: number; declared: number }
  /** Commitment of the private leaf that holds the observation. */
  evidence?: Hex
  /** Newest checkpoint that a witness had cosigned when this was written. */
  checkpoint?: { size: number; root: Hex }
}

/** No further slot of this binding will be due. */
export interface Closing {
  binding: Hex
  /** -1 when not even slot 0 was due. */
  lastSlot: number
  reason: 'superseded' | 'check-withdrawn' | 'claim-withdrawn'
  at: Instant
}

/** A person says so. Signed with their own key, under a role, until a date. */
export interface Attestation {
  /** Exactly one of the two is set. */
  claim?: string
  control?: string
  /** For a claim: the wording that was attested. */
  sentence?: Hex
  statement: string
  role: string
  from: Instant
  until: Instant
}

/** An attestation stops to count before its date. */
export interface AttestationEnd {
  attestation: Hex
  reason: 'withdrawn' | 'replaced'
  at: Instant
}

export type ClaimState = 'broken' | 'unknown' | 'stale' | 'unbacked' | 'attested' | 'checked' | 'unprovable'

/** What the page said, sentence by sentence, at one moment. */
export interface PageSnapshot {
  status: 'preview' | 'published'
  policy: { id: string; slug: string; version: number; digest: Hex }
  at: Instant
  claims: readonly SnapshotClaim[]
  /** Sentences that the company chose not to offer for checking. */
  notOffered: number
}

export interface SnapshotClaim {
  id: string
  sentence: Hex
  /** UTF-8 byte offsets of the sentence in the policy's source. */
  start: number
  end: number
  strength: Strength
  scope?: string
  controls: readonly string[]
  state: ClaimState
  /** The state that the results alone would give; set for hedged wording only. */
  underlying?: ClaimState
  bindings: readonly Hex[]
  attestations: readonly Hex[]
}

/**
 * What one run of a check saw; the slot results of all bindings that the run served name its leaf.
 * Private: encrypted, erasable, and disclosed field by field (after RFC 9901, SD-JWT).
 */
export interface Evidence {
  check: { id: string; definition: Hex }
  observedAt: Instant
  /** SHA-256 of each field's disclosure, sorted, so that the order tells nothing. */
  _sd: readonly Hex[]
}

export interface Predicates {
  genesis: Genesis
  'key-change': KeyChange
  'witness-change': WitnessChange
  binding: Binding
  'slot-result': SlotResult
  closing: Closing
  attestation: Attestation
  'attestation-end': AttestationEnd
  'page-snapshot': PageSnapshot
  evidence: Evidence
}
export type StatementKind = keyof Predicates
