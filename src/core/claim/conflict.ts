import type { ControlId } from '#core/control'
import type { PolicyDocument } from '#core/policy'
import { fold } from './lexicon/index.ts'
import { CERTIFICATE, PROVIDER } from './lexicon/words.ts'
import type { BlanketHedge, Proposal } from './reading.ts'

export type ConflictKind = 'contradiction' | 'tension' | 'scope-gap' | 'blanket-hedge' | 'overclaim' | 'stale'

/** Two places of a page that do not sit well together, or one that says more than it can. */
export interface Conflict {
  kind: ConflictKind
  /** Indexes of the lines on each side; `b` may be empty where the line alone says too much. */
  a: number[]
  b: number[]
  controls: ControlId[]
  /** One sentence for the reader. */
  why: string
}

interface Side extends Proposal {
  folded: string
}

/** A conflict names at most this many lines a side: enough to see the pattern. */
const MOST_LINES = 6

type Rule = (lines: readonly Side[], document: PolicyDocument) => Conflict[]

/**
 * Contradictions, tensions and overclaims within a page. Statements only look contradictory when they speak of
 * different things: another control, another scope, another party, hosted against self-hosted. Such pairs are left alone.
 */
export function findConflicts(proposals: readonly Proposal[], hedges: readonly BlanketHedge[], document: PolicyDocument): Conflict[] {
  const lines = proposals.map((line): Side => ({ ...line, folded: fold(line.text.slice(0, 1_500)) }))
  return [...RULES.flatMap((rule) => rule(lines, document)), ...governed(lines, hedges)].map((found) => ({ ...found, a: found.a.slice(0, MOST_LINES), b: found.b.slice(0, MOST_LINES) }))
}

const indexes = (lines: readonly Side[]): number[] => lines.map((line) => line.line)
const holds = (line: Side, control: ControlId): boolean => line.claim && line.controls.includes(control)
const held = (line: Side): boolean => line.strength === 'definite'

const HELD = /\b(?:certif\w+|complian\w+|achiev\w+|attest\w+|complet\w+|hold|report)\b/
const ADMITS_FLAWS = /\b(?:not possible to|cannot|can not|no way to|impossible to)\b.{0,40}\b(?:exclude|rule out|eliminate|guarantee)\b|\bperfect security\b|\bno (?:system|method)\b.{0,60}\b(?:100|completely|perfectly|entirely)\b/
const ALL = /\b(?:all|every|everything|always|never|any|each|entire(?:ly)?|everywhere)\b/
const OTHER_PARTY = /\b(?:third[ -]part(?:y|ies)|other (?:entities|companies|parties)|someone else)\b/
const SELF_HOSTED = /\b(?:self-?hosted|on-?prem\w*|your own (?:servers?|infrastructure)|open[ -]source version)\b/

const certificateOverPreview: Rule = (lines) => {
  const certificates = lines.filter((line) => (line.controls[0] === 'certification-stated' || line.controls[0] === 'independent-audit') && line.claim && held(line) && HELD.test(line.folded))
  const stages = lines.filter((line) => holds(line, 'product-stage-stated') && /\b(?:preview|beta|alpha|early access|non-sensitive|not .{0,30}production|test data)\b/.test(line.folded))
  if (certificates.length === 0 || stages.length === 0) return []
  const limited = stages.some((line) => /\b(?:non-sensitive|test data|not .{0,30}(?:production|sensitive)|only with public)\b/.test(line.folded))
  return [{
    kind: limited ? 'contradiction' : 'tension', a: indexes(certificates), b: indexes(stages), controls: ['certification-stated', 'product-stage-stated'],
    why: limited
      ? 'A report on safeguards for customer data stands beside a stage of the product in which sensitive data is advised against.'
      : 'A certificate or report stands beside a product that is not yet generally available; the page does not say which the report covers.',
  }]
}

const SOC_CERTIFIED = /\bsoc[ -]?[123]\b.{0,30}\bcertif(?:ied|icates?|ications?)\b|\bcertif(?:ied|icates?|ications?)\b.{0,20}\bsoc[ -]?[123]\b/

const attestationCalledCertificate: Rule = (lines) => {
  const wrong = lines.filter((line) => line.claim && line.strength !== 'negative' && line.controls[0] !== 'provider-compliance' && SOC_CERTIFIED.test(line.folded) && !/\biso\b/.test(line.folded))
  return wrong.length === 0 ? [] : [{
    kind: 'overclaim', a: indexes(wrong), b: [], controls: ['certification-stated'],
    why: 'SOC 2 ends in an auditor\'s report (an attestation), not in a certificate: nobody is "SOC 2 certified".',
  }]
}

const typeOneOverTime: Rule = (lines) => {
  const typeOne = lines.filter((line) => /\btype (?:1|i)\b(?! ?i)/.test(line.folded) && holds(line, 'certification-stated'))
  if (typeOne.length === 0 || lines.some((line) => line.claim && held(line) && /\btype (?:2|ii)\b/.test(line.folded))) return []
  const over = lines.filter((line) => /\b(?:consistently|continuously|continually|at all times|over time|operat\w+ effectively|ongoing basis)\b/.test(line.folded) && /\b(?:certif\w+|report|audit\w*|soc|attest\w+|assur\w+)\b/.test(line.folded))
  return over.length === 0 ? [] : [{
    kind: 'overclaim', a: indexes(typeOne), b: indexes(over), controls: ['certification-stated'],
    why: 'A Type 1 report is about the design on one day; it does not show that the steps are taken consistently.',
  }]
}

const certificateAgainstFlaws: Rule = (lines) => {
  const strong = lines.filter((line) => holds(line, 'certification-stated') && /\b(?:validat\w+|guarantee\w*|ensur\w+|prov(?:es|en)|designed effectively)\b/.test(line.folded))
  const flaws = lines.filter((line) => ADMITS_FLAWS.test(line.folded))
  return strong.length === 0 || flaws.length === 0 ? [] : [{
    kind: 'tension', a: indexes(strong), b: indexes(flaws), controls: ['certification-stated'],
    why: 'A certificate is said to show that the safeguards work, and weaknesses are said not to be excluded; readers should see both together.',
  }]
}

const ABSOLUTE = /\b(?:all (?:\w+ )?(?:threats|attacks|risks|vulnerabilities)|(?:completely|totally|perfectly|100 ?%|fully|absolutely) (?:secure|safe|protected)|unhackable|unbreakable|impenetrable|cannot be (?:hacked|breached)|guarantees? (?:the )?(?:security|safety)|today and in (?:the )?future)\b/

const absolutes: Rule = (lines) => lines.filter((line) => line.kind !== 'heading' && ABSOLUTE.test(line.folded) && !ADMITS_FLAWS.test(line.folded)).map((line) => ({
  kind: 'overclaim', a: [line.line],
  b: indexes(lines.filter((other) => other.line !== line.line && (ADMITS_FLAWS.test(other.folded) || (other.controls[0] === 'shared-responsibility' && /\b(?:customers?|you)\b.{0,30}\bresponsible\b/.test(other.folded))))),
  controls: line.controls.slice(0, 1), why: `"${ABSOLUTE.exec(line.folded)?.[0] ?? ''}" promises what nobody can show${lines.some((other) => ADMITS_FLAWS.test(other.folded)) ? ', and the page itself says otherwise' : ''}.`,
}))

/** Everything or always, against an admitted absence of the same control in the same scope. */
const allAgainstAbsence: Rule = (lines) => lines.flatMap((none): Conflict[] => {
  if (!none.claim || none.strength !== 'negative' || OTHER_PARTY.test(none.folded) || SELF_HOSTED.test(none.folded)) return []
  const control = none.controls[0]
  if (control === undefined) return []
  const all = lines.filter((line) => line.claim && held(line) && line.controls[0] === control && ALL.test(line.folded) && line.scope === undefined && !SELF_HOSTED.test(line.folded))
  return all.length === 0 ? [] : [{
    kind: none.scope === undefined ? 'contradiction' : 'scope-gap', a: indexes(all), b: [none.line], controls: [control],
    why: none.scope === undefined ? 'What is promised without exception is denied elsewhere on the page.' : `What is promised without exception does not hold for ${none.scope}.`,
  }]
})

/** The same certificate held and not held. */
const certificateDenied: Rule = (lines) => lines.flatMap((none): Conflict[] => {
  if (!none.claim || none.strength !== 'negative' || none.controls[0] !== 'certification-stated') return []
  const named = [...none.folded.matchAll(new RegExp(CERTIFICATE, 'g'))].map((match) => match[0].replace(/[^a-z0-9]/g, ''))
  const other = lines.filter((line) => line.claim && held(line) && line.controls[0] === 'certification-stated' && line.scope === none.scope && named.some((name) => line.folded.replace(/[^a-z0-9]/g, '').includes(name)))
  return other.length === 0 ? [] : [{ kind: 'contradiction', a: indexes(other), b: [none.line], controls: ['certification-stated'], why: 'The same certificate is said to be held and not to be held.' }]
})

const footnoteLimits: Rule = (lines, document) => document.lines.filter((line) => line.footnote).flatMap((note): Conflict[] => {
  const limited = lines.filter((line) => line.claim && document.lines[line.line]?.notes.includes(note.index) === true)
  if (limited.length === 0 || !/\b(?:appl\w+|only|tier|plan|edition|except\w*|exclud\w+|available)\b/i.test(note.text)) return []
  return [{
    kind: 'scope-gap', a: indexes(limited), b: [note.index], controls: [...new Set(limited.flatMap((line) => line.controls.slice(0, 1)))],
    why: 'The sentences speak in general; a footnote limits what they promise.',
  }]
})

const regionExceptions: Rule = (lines) => {
  const leaves = lines.filter((line) => line.kind !== 'heading' && /\b(?:regardless|irrespective|independent(?:ly)?) of (?:the |your |which )?(?:\w+ )?regions?\b|\bwhatever the region\b|\bsome (?:of (?:your|the) |your )?(?:\w+ )?data (?:is|are|may be) (?:held|stored|kept|processed)\b/.test(line.folded))
  const stays = lines.filter((line) => line.claim && held(line) && line.controls[0] === 'hosting-region' && line.scope === undefined && /\b(?:stays?|remains?|never leaves?|only|always|choose|chosen|select\w*)\b/.test(line.folded) && !leaves.includes(line))
  return leaves.length === 0 || stays.length === 0 ? [] : [{
    kind: 'scope-gap', a: indexes(stays), b: indexes(leaves), controls: ['hosting-region'],
    why: 'Data is said to stay in the region, while some of it is kept elsewhere whatever the region.',
  }]
}

// Programmes and versions that nobody can hold or should offer any more.
const RETIRED: readonly (readonly [RegExp, string])[] = [
  [/\bdiacap\b/, 'DIACAP was replaced by the Risk Management Framework in 2014'],
  [/\bsas[ -]?70\b/, 'SAS 70 was replaced by SSAE 16 in 2011'],
  [/\bssae[ -]?16\b/, 'SSAE 16 was replaced by SSAE 18 in 2017'],
  [/\bisae ?3402\/ssae ?16\b/, 'SSAE 16 was replaced by SSAE 18 in 2017'],
  [/\b(?:eu|swiss)[ -]?(?:-|to )?(?:u\.?s\.?)[ -]safe harbou?r\b|\bsafe harbou?r framework\b/, 'the EU–US Safe Harbor was struck down in 2015'],
  [/\bprivacy shield\b/, 'the EU–US Privacy Shield was struck down in 2020'],
  [/\b(?:iso(?:\/iec)?[ -]?)?27001:20(?:05|13)\b/, 'certificates to ISO/IEC 27001:2013 and older lapsed in October 2025'],
  [/\bpci[ -]?dss (?:v(?:ersion)? ?)?[123](?:\.\d)?(?:\.\d)?\b(?! level)/, 'PCI DSS before version 4 was retired in March 2024'],
  [/\b(?:support\w*|use[sd]?|offer\w*|via|using|over|with|accept\w*|or)\b.{0,25}\b(?:ssl ?v?[23](?:\.0)?|tls ?v?1\.[01])\b(?!.{0,40}\b(?:disabled|refused|rejected|not|removed)\b)/, 'SSL 2 and 3 and TLS 1.0 and 1.1 are deprecated'],
  [/\bdirective 95\/46\b/, 'Directive 95/46/EC was repealed by the GDPR in 2018'],
]

const retired: Rule = (lines) => lines.flatMap((line): Conflict[] => {
  if (!line.claim || line.strength === 'negative') return []
  const old = RETIRED.find(([pattern]) => pattern.test(line.folded))
  if (!old || /\b(?:previously|formerly|former|replac\w+|supersed\w+|disabled|refus\w+|older|below|no longer)\b/.test(line.folded)) return []
  const stem = lines.slice(0, line.line).findLast((other) => other.text === line.stem)
  return [{ kind: 'stale', a: [line.line], b: stem === undefined ? [] : [stem.line], controls: line.controls.slice(0, 1), why: `${old[1].charAt(0).toUpperCase()}${old[1].slice(1)}.` }]
})

const OWN_THROUGH_PROVIDER = new RegExp(`\\b(?:we|our (?:service|platform|company|product|application|software)s?)\\b.{0,60}${CERTIFICATE.source}.{0,60}\\b(?:through|via|thanks to|because|by virtue of|since we|as we|courtesy of)\\b.{0,40}${PROVIDER.source}`)
const OUR_HALLS = new RegExp(`\\bour (?:data ?cent(?:er|re)s?|servers?|infrastructure|hosting(?: \\w+)?|cloud)\\b.{0,60}${CERTIFICATE.source}|\\bour (?:data ?cent(?:er|re)s?|servers?|infrastructure|hosting)\\b.{0,60}\\b(?:certified|accredited)\\b`)

const providersCertificate: Rule = (lines) => {
  const hosted = lines.filter((line) => line.claim && line.controls.includes('hosting-stated') && PROVIDER.test(line.folded) && !/\bour own (?:hardware|data ?cent)/.test(line.folded))
  return lines.flatMap((line): Conflict[] => {
    if (!line.claim || line.strength === 'negative') return []
    const through = OWN_THROUGH_PROVIDER.test(line.folded)
    if (!through && !(hosted.length > 0 && OUR_HALLS.test(line.folded))) return []
    return [{ kind: 'overclaim', a: [line.line], b: indexes(hosted).filter((index) => index !== line.line).slice(0, 2), controls: ['certification-stated', 'provider-compliance'], why: "The certificate is the hosting provider's, and is told as the company's own." }]
  })
}

const compliantBesideCertified: Rule = (lines) => {
  const own = lines.filter((line) => line.claim && held(line) && line.controls[0] === 'certification-stated' && CERTIFICATE.test(line.folded))
  const compliant = own.filter((line) => /\bcompliant\b/.test(line.folded) && !/\b(?:auditor|audited by|report|period)\b/.test(line.folded))
  const certified = own.filter((line) => /\bcertified\b/.test(line.folded) && !compliant.includes(line) && !SOC_CERTIFIED.test(line.folded))
  return compliant.length === 0 || certified.length === 0 ? [] : [{
    kind: 'tension', a: indexes(compliant), b: indexes(certified), controls: ['certification-stated'],
    why: '"Compliant" and "certified" are different kinds of statement; the first names neither auditor nor period.',
  }]
}

const DECIDES_ALONE = /\bsole (?:right|discretion|determination)\b|\b(?:at|in) (?:our|its) (?:\w+ )?(?:discretion|judge?ment)\b|\bsubject to (?:the )?(?:public )?availab/

/** A flat promise, while another line leaves the same matter to the company. */
const leftToJudgement: Rule = (lines) => lines.flatMap((loose): Conflict[] => {
  const control = loose.controls[0]
  if (!loose.claim || loose.strength !== 'hedged' || control === undefined || !DECIDES_ALONE.test(loose.folded)) return []
  const flat = lines.filter((line) => line.claim && held(line) && line.controls[0] === control && line.scope === loose.scope && (/\b(?:will|not|never|within|only)\b|\d/.test(line.folded)))
  return flat.length === 0 ? [] : [{ kind: 'tension', a: indexes(flat), b: [loose.line], controls: [control], why: 'A flat promise, while another sentence leaves the same matter to a condition or to the company alone.' }]
})

const COMPELLED = /\b(?:court|subpoena|compelled|legal process|order us|law enforcement request|required by law)\b/

const consentAgainstCompulsion: Rule = (lines) => lines.flatMap((loose): Conflict[] => {
  const control = loose.controls[0]
  if (!loose.claim || loose.strength !== 'hedged' || control === undefined || !COMPELLED.test(loose.folded)) return []
  const strict = lines.filter((line) => line !== loose && line.claim && held(line) && line.controls[0] === control && /\b(?:only|never|not)\b/.test(line.folded) && /\b(?:permission|consent|without|unless)\b/.test(line.folded))
  return strict.length === 0 ? [] : [{ kind: 'tension', a: indexes(strict), b: [loose.line], controls: [control], why: 'Promised only with permission, while another sentence says that it may be compelled.' }]
})

const freeAgainstGated: Rule = (lines) => {
  const free = lines.filter((line) => holds(line, 'documents-on-request') && /\b(?:self-service|publicly|anyone|every(?:one| customer| organi[sz]ation)|freely|without (?:an )?nda)\b/.test(line.folded) && /\b(?:report|certificate|baa|soc)/.test(line.folded))
  const gated = lines.filter((line) => holds(line, 'documents-on-request') && !free.includes(line) && /\b(?:nda|non-disclosure|paid|package|plan)\b/.test(line.folded))
  return free.length === 0 || gated.length === 0 ? [] : [{ kind: 'tension', a: indexes(free), b: indexes(gated), controls: ['documents-on-request'], why: 'Documents are offered to all in one sentence and under an agreement or a paid package in another.' }]
}

const noticeOnlyByLaw: Rule = (lines) => lines.flatMap((line): Conflict[] => {
  if (!line.claim || line.strength !== 'hedged' || !line.controls.includes('incident-notification') || !/\b(?:where|as|if|when|to the extent) (?:\w+ )?required\b/.test(line.folded)) return []
  const flat = lines.filter((other) => other.claim && held(other) && other.controls[0] === 'incident-response')
  return flat.length === 0 ? [] : [{ kind: 'blanket-hedge', a: [line.line], b: indexes(flat), controls: ['incident-notification'], why: 'Notice is promised only where law or contract require it anyway, beside procedures that are stated flatly.' }]
})

function governed(lines: readonly Side[], hedges: readonly BlanketHedge[]): Conflict[] {
  return hedges.flatMap((hedge): Conflict[] => {
    const flat = lines.filter((line) => line.line > hedge.line && line.line <= hedge.until && line.claim && held(line))
    const sharpest = flat.filter((line) => /\b(?:requires?|daily|only|any|all|every|must|never|before)\b/.test(line.folded))
    return flat.length === 0 ? [] : [{
      kind: 'blanket-hedge', a: [hedge.line], b: indexes(sharpest.length > 0 ? sharpest : flat), controls: lines[hedge.line]?.controls.slice(0, 1) ?? [],
      why: `"${hedge.words}" governs ${flat.length === 1 ? 'the flat statement' : `all ${flat.length} flat statements`} below it.`,
    }]
  })
}

const RULES: readonly Rule[] = [
  certificateOverPreview, attestationCalledCertificate, typeOneOverTime, certificateAgainstFlaws, absolutes, allAgainstAbsence, certificateDenied, footnoteLimits,
  regionExceptions, retired, providersCertificate, compliantBesideCertified, leftToJudgement, consentAgainstCompulsion, freeAgainstGated, noticeOnlyByLaw,
]
