/** Definite commits; hedged limits its own duty; negative says that a safeguard, certificate or right is absent. */
export type Strength = 'definite' | 'hedged' | 'negative'

export interface StrengthFound {
  strength: Strength
  /** The words that decide; absent for definite. */
  words?: string
  why?: string
}

// Absence of something a reader would want. A promise not to do harm ("we do not sell …") is definite.
const ABSENCE: readonly (readonly [RegExp, string])[] = [
  [/\b(?:do|does|did|have|has) not (?:currently |yet |at present |generally |presently )?(?:hold|have|offer|provide|support|maintain|pay|guarantee|encrypt|perform|conduct|run|operate|warrant|authori[sz]e|undergo|obtain(?:ed)?|complet\w+|been|achiev\w+|extend)\b/, 'says that something is not provided'],
  [/\b(?:doesn't|don't|haven't|hasn't) (?:currently |yet )?(?:hold|have|offer|provide|support|maintain|pay|guarantee|encrypt|perform|run|operate)\b/, 'says that something is not provided'],
  [/\b(?:is|are|be) (?:currently |generally |still |typically )?(?:not|n't) (?:yet |currently |generally |fully |always |necessarily )?(?:encrypted|certified|supported|available|covered|offered|included|compliant|audited|backed up|provided|hashed|protected|replicated|isolated|guaranteed|accredited|soc|iso|hipaa|pci)\b/, 'says that a safeguard is absent'],
  [/\b(?:isn't|aren't) (?:yet |currently )?(?:encrypted|certified|supported|available|covered|offered|included|compliant)\b/, 'says that a safeguard is absent'],
  [/\b(?:unencrypted|unavailable|unsupported)\b|(?<!\b(?:not|never|no|without|nor|\w+n't)\b.{0,50})\b(?:in|as) (?:plain|clear) ?text\b/, 'says that a safeguard is absent'],
  [/\bthere (?:is|are) (?:currently |at present )?no\b(?! (?:single )?point)/, 'says that something does not exist'],
  [/\b(?:offer|have|has|provide|operate|run|pay|hold)s? no\b(?! access)/, 'says that something is not provided'],
  [/\bno (?:bug )?bount(?:y|ies)\b|\bno (?:uptime|availability|service level) (?:guarantee|commitment)/, 'says that something is not provided'],
  [/\b(?:cannot|can not|can't|unable to)\b(?: and do not)?(?: in any way)? ?\w* ?(?:bind|authori[sz]e|protect|guarantee|offer|promise|ensure|indemnify|defend|accept|support|provide)\b/, 'says what cannot be given'],
  [/\b(?:is|are) not,? .{0,50}\b(?:an? |any )?(?:agreement|guarantee|warranty|promise|commitment|offer)\b/, 'denies a commitment'],
  [/\b(?:outside|out of) (?:of )?(?:the )?scope of (?:this|our) (?:policy|commitment|program)/, 'excludes something'],
  [/\b(?:excluded|exempt) from (?:this|our|the) (?:sla|guarantee|policy)\b/, 'excludes something'],
]

// The wordings above when they in fact promise: isolation, restraint, a condition.
const RESTRAINT = /\b(?:do|does|did|will|shall|would)(?: not|n't) (?:have|hold|provide|offer|support) (?:\w+ ){0,3}?(?:access|visibility|your (?:card|password|keys?|data))\b|\bhave no access\b|\bcannot (?:be (?:read|accessed|merged|deployed|altered|changed|decrypted|recovered)|access|see|read|reach|decrypt|view)\b|\buntil\b|\bnot (?:provided?|available|given|offered) to (?:third parties|advertisers|others|anyone)\b|\bnot (?:provide|offer) .{0,40}\bto (?:third parties|advertisers|law enforcement)\b/

const HEDGES: readonly (readonly [RegExp, string])[] = [
  [/\bwhere(?:ver)? (?:\w+ )?(?:available|applicable|possible|feasible|appropriate|practicable|practical|necessary|reasonable|permitted|required|relevant|supported|the law (?:allows|permits))\b/, 'holds only somewhere'],
  [/\b(?:when|if|as) (?:available|possible|feasible|practicable|practical|reasonable|reasonably possible|time permits)\b(?! to)/, 'holds only sometimes'],
  [/\bcommercially (?:reasonable|practicable)\b/, 'limits the effort'],
  [/\breasonabl[ey] (?:efforts?|measures|steps|precautions|safeguards|endeavou?rs|security|practices|means|available|practicable|time(?:frame)?)\b/, 'limits the effort'],
  [/\bbest(?: commercial)? efforts?\b/, 'limits the effort'],
  [/(?<!\b(?:faith|their|your|any|such) )\b(?:strives?|endeavou?rs?|aims?|seeks?|attempts?|tries|try|hopes?|works?|working|target) to\b(?! (?:prevent|access|sign))/, 'promises an effort, not a result'],
  [/\bour (?:goal|aim|intention|target) is to\b/, 'promises an effort, not a result'],
  [/\b(?:as|if|when|where) (?:we )?(?:deem(?:ed)? |consider(?:ed)? )?(?:appropriate|necessary|warranted)\b/, 'leaves the case to judgement'],
  [/\b(?:at|in) (?:our|its|\w+'s) (?:sole |absolute |own |best )*(?:discretion|judge?ment)\b/, 'leaves the case to judgement'],
  [/\breserves? the (?:sole |exclusive )?right\b/, 'leaves the case to judgement'],
  [/(?<!\bmore )\b(?:generally|typically|usually|normally|in general|often|depending on|(?<=[;,.] )most \w+|^most\b|mostly|in most (?:cases|circumstances|instances)|for the most part)\b/, 'holds not always'],
  [/\b(?:subject to|to the (?:fullest |maximum )?extent (?:possible|permitted|practicable|feasible|reasonable))\b/, 'is conditional'],
  [/\b(?:except (?:as|where|when)|unless) (?:otherwise )?(?:required|permitted|compelled|mandated|prohibited|necessary)\b/, 'has an exception'],
  [/\b(?:plans?|intends?|expects?|hopes?|are working|continues?|will continue) to (?:implement|obtain|achieve|pursue|invest|evaluate|complete|introduce|add|undergo|become|expand|improve|work|seek|explore|offer)\b/, 'speaks of the future'],
  [/\b(?:in the process of|in progress|under way|underway|working toward?s?|anticipates?|will soon|soon be|coming soon|on (?:our|the) roadmap|planned for)\b/, 'speaks of the future'],
  [/\bfrom time to time\b/, 'names no time'],
  [/\b(?:some|many|certain|select(?:ed)?) of our\b/, 'holds for an unnamed part'],
]

// "may" of the company limits its duty; "may" of a customer is a right, of a condition only a possibility.
const MAY = /\b(?:may|might)\b/g
const NOT_OURS = /(?:\b(?:who|that|which|you|they|customers?|users?|admins?|administrators?|researchers?|members?|owners?|clients?|party|parties|subscribers?|vulnerabilit\w+|anyone|conduct|risk|incidents?|data subjects?|person|individuals?|accounts?) (?:also |then |still )?|\b(?:you|customers?|users?)\b[^,.;]{1,40} and |\bas )$/

/** The strength of a sentence; `text` is folded. Of mixed wordings the weakest wins: negative, hedged, definite. */
export function strengthOf(text: string, stem = ''): StrengthFound {
  for (const [pattern, why] of ABSENCE) {
    const match = pattern.exec(text)
    if (match && !RESTRAINT.test(text)) return { strength: 'negative', words: match[0], why }
  }
  const hedge = hedgeIn(text) ?? (stem === '' ? undefined : hedgeIn(stem))
  return hedge ?? { strength: 'definite' }
}

function hedgeIn(text: string): StrengthFound | undefined {
  for (const [pattern, why] of HEDGES) {
    const match = pattern.exec(text)
    if (!match) continue
    // "by GCP or AWS as appropriate": the choice is of the means, the duty stands.
    if (match[0] === 'as appropriate' && /\bor \S+ $/.test(text.slice(0, match.index))) continue
    return { strength: 'hedged', words: match[0], why }
  }
  for (const match of text.matchAll(MAY)) {
    if (NOT_OURS.test(text.slice(Math.max(0, match.index - 40), match.index))) continue
    return { strength: 'hedged', words: text.slice(match.index, match.index + 30).split(' ').slice(0, 2).join(' '), why: 'permits, and does not promise' }
  }
  return undefined
}

/** A hedge that by its own words governs everything after it. */
export function isBlanketHedge(text: string): boolean {
  return hedgeIn(text) !== undefined && /\b(?:measures|practices|controls|safeguards|policies|commitments|security program)\b.{0,60}\b(?:listed|described|set out|set forth|outlined|stated|below|herein|this (?:page|policy|document))\b|\b(?:all|any|every|these|the following) (?:of the )?(?:measures|practices|controls|safeguards|commitments|statements)\b/.test(text)
}
