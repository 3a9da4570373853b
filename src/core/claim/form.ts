import type { Line } from '#core/policy'

/** Why a line can or cannot be a claim, before its subject is looked at. */
export type Form =
  | { kind: 'statement' }
  /** Commits only if its subject is strong: a slogan may carry a certificate, an invitation an address. */
  | { kind: 'weak'; why: string; words: string; needs: number }
  | { kind: 'none'; why: string; words: string }

const STATEMENT: Form = { kind: 'statement' }

// What a line of these forms publishes by itself: an address for reports, a list, a paper, a status page.
const PUBLISHES = /\b(?:security\.txt|status ?page|white ?papers?|sub-?processors?|trust cent(?:er|re)|hall of fame)\b|https?:\/\/(?:\w+\.)?status\.|statuspage/
const REPORTS_TO = /[\w.+-]+@[\w-]+\.[a-z]|https?:\/\/\S*(?:report|security|vuln|disclos|bounty)|\b(?:hackerone|bugcrowd|report(?:ing)? (?:form|page|an issue)|response page|submit a report|security (?:team|page)|bug bounty program|psirt)\b/
const ABOUT_REPORTING = /\b(?:security@|psirt@|report\w*|vulnerabilit\w+|security (?:issue|concern|problem|bug|team|flaw)s?|disclos\w+|incident|abuse|flaws?|exploit)\b/

const READERS_DUTY = /^(?:by (?:using|accessing|continuing)\b.{0,60}\byou|you (?:confirm|acknowledge|accept|consent|must|should|are expected|agree|shall|need to|will need|may not|can help)|your continued|customers? (?:should|must|shall|agree|may not|need to)|users? (?:should|must|shall)|researchers (?:should|must|shall|are expected))\b|\b(?:should|must) be (?:performed|made|submitted|carried out|conducted|reported)\b/
const IMPERATIVE = /^(?:please |always |never |then |also |carefully |kindly )*(?:do not|don't|provide|include|report|avoid|use|choose|keep|contact|e-?mail|ask|configure|make|ensure|remember|refer|review|give|allow|respect|enable|turn|set|stop|delete|change|log (?:in|into|out)|sign|notify|tell|send|write|perform|test|act|follow|add|read|check|consider|submit|visit|go|see|click|download|get|learn|watch|subscribe|join|reach|help|take a look|find|browse|explore|let|drop|start|try|choose|pick|create|encrypt (?:your|the) (?:message|report|e-?mail))\b(?! (?:is|are|of|program|log|logs|keys?|requests?|policies|management|events?|reviews?|centers?)\b)/
const ONWARD = /^(?:for (?:more|further|additional|a (?:complete|comprehensive|full)|details|questions|information|the (?:full|latest)|any )|to (?:learn|read|find out|see) |you can (?:refer|read|learn|find (?:more|out))|more (?:details|information|about)|learn more|read more|find out|see (?:also|our|the)|details (?:are|can)|further (?:details|information)|additional (?:details|information))\b/
const DEFINITION = /^(?:the )?[\w()"'/. -]{1,60} (?:(?:is|are) (?:a|an|the|any) |means? |refers? to |stands? for )(?:a |an |the |any )?(?:\w+[ -]){0,3}(?:practice|process|standard|auditing standard|framework|method|technique|law|regulation|set of|concept|term|protocol|type of|way of|program that|certification (?:that|which)|abbreviation|acronym|company that|platform|data platform|service that|discipline)\b/
const ABOUT_THE_PAGE = /^(?:this|the|our) (?:[\w-]+ ){0,3}?(?:page|policy|document|statement|section|article|overview|guide|summary|notice|faq) (?:describes?|summari[sz]es?|outlines?|covers?|provides?|sets out|details?|lists?|is (?:intended|meant|organi[sz]ed)|applies|contains|answers|gives)\b|\b(?:capitali[sz]ed terms|terms used|defined terms?|have the meanings?|are defined in|should be read (?:together|with|in conjunction))\b|^if (?:you|there) .{0,60}\bask us\b|\bif in doubt\b/
const SLOGAN = /\b(?:(?:security|privacy|trust|safety|data protection|transparency) (?:is|are|isn't|and \w+ (?:is|are)) (?:(?:at |a |an |our |the |of |not |just |one |built |in |into |also |highest |top |number ){1,4})?(?:heart|core|priority|priorities|top|highest|foundation|dna|mission|paramount|everything|first|cornerstone|fundamental|essential|about|important|utmost|responsibility)|takes? (?:\w+ ){0,4}(?:very )?seriously|our (?:mission|goal|philosophy|promise is|values|highest priority|top priority)|we(?:'re| are)? (?:believe|know|understand|care|proud|honou?red|grateful|love|appreciate|value|passionate|dedicated|strongly believe|aware that|obsess\w*)|believes? that|is committed to|are committed to|committed to (?:protecting|keeping|maintaining|earning|implementing|providing)|earn(?:ing|ed)? (?:the |your )?trust|pays? close attention|peace of mind|world-class|best-in-class|state-of-the-art security|you can trust|rest assured|dedication to|perfect security|nothing is (?:more|100)|no (?:system|method|company) (?:is|can be)|not possible to (?:entirely|completely)|100% secure)\b/
const HISTORY = /^(?:since (?:\d{4}|our)|founded|over \d+ years|for (?:over|more than) |we(?:'ve| have) been (?:around|in))\b/
const THANKS = /^(?:thank|thanks|we look forward|welcome|hello|hi|got|still have)\b/
const PROVIDERS_PAGE = /\b(?:aws|amazon|gcp|google|azure|microsoft)\b.{0,60}\b(?:compliance|security (?:policy|page)|offerings|programs?)\b/

/**
 * The form of a line. `text` and `stem` are folded (`lexicon.fold`); the order of the questions matters:
 * what can never commit first, what commits only by its subject after.
 */
export function formOf(line: Pick<Line, 'kind' | 'footnote' | 'links'>, text: string, stem = ''): Form {
  const none = (why: string, pattern: RegExp): Form => ({ kind: 'none', why, words: pattern.exec(text)?.[0] ?? '' })
  const weak = (why: string, pattern: RegExp, needs: number): Form => ({ kind: 'weak', why, words: pattern.exec(text)?.[0] ?? '', needs })
  if (line.kind === 'heading') return { kind: 'none', why: 'a heading', words: '' }
  if (text.endsWith('?')) return { kind: 'none', why: 'a question', words: '?' }
  if (line.footnote) return { kind: 'none', why: 'a footnote: it limits other lines', words: '' }
  if (text.split(' ').length < 2 && line.kind === 'sentence') return { kind: 'none', why: 'no sentence', words: text }
  if (line.kind === 'sentence' && text.split(' ').length <= 3 && !/[.!]$/.test(text)) return { kind: 'none', why: 'a label', words: text }
  const addresses = line.links.join(' ').toLowerCase()
  const publishesReport = ABOUT_REPORTING.test(text) && (REPORTS_TO.test(text) || /mailto:|hackerone|bugcrowd|security/.test(addresses))
  if (/^1?\d* ?(?:you |your |we )?(?:expected|are) /.test(text) && READERS_DUTY.test(text)) return none('a duty of the reader', READERS_DUTY)
  if (DEFINITION.test(text) && !/^(?:we|our)\b/.test(text)) return none('a definition', DEFINITION)
  if (ABOUT_THE_PAGE.test(text)) return none('about the page itself', ABOUT_THE_PAGE)
  if (THANKS.test(text)) return none('a courtesy', THANKS)
  if (HISTORY.test(text)) return none('history', HISTORY)
  const bare = text.replace(/^(?:please (?:note|understand|be aware)(?: that)?|note that|that said,|additionally,|also,|in addition,|furthermore,|finally,) ?/, '')
  if (ONWARD.test(bare)) {
    if (PROVIDERS_PAGE.test(bare)) return none("a link to the provider's own page", PROVIDERS_PAGE)
    return PUBLISHES.test(bare) && !/^for (?:more|further)/.test(bare) && !bare.startsWith('learn more') ? weak('a link onward', ONWARD, 0.85) : publishesReport && !/^(?:learn|read|for more)/.test(bare) ? STATEMENT : none('a link onward', ONWARD)
  }
  if (READERS_DUTY.test(bare)) return none('a duty of the reader', READERS_DUTY)
  // "If …, expose …": an instruction with its condition before it.
  const told = bare.replace(/^(?:if|when|to|in order to|before|once) (?!we\b)[^,]{3,160}, (?=\w)/, '')
  if (READERS_DUTY.test(told)) return none('a duty of the reader', READERS_DUTY)
  if (IMPERATIVE.test(told)) {
    // "…, we will: notify affected customers": the stem makes it ours.
    if (/\b(?:we|our \w+|[a-z]+ will)\b(?:\W+\w+){0,3}:$/.test(stem) && !/\byou\b[^,]{0,40}:$/.test(stem)) return STATEMENT
    // "Email us … and we will return it": the second half commits.
    if (/\b(?:and|then|,) we(?:'ll| will)\b/.test(told)) return STATEMENT
    const offers = PUBLISHES.test(`${bare} ${addresses}`) || publishesReport
    // Rules for finders follow a stem such as "please proceed as follows".
    return offers && !/^(?:please )?(?:do not|don't|never|avoid|include|provide|give)\b/.test(told) ? STATEMENT : none('an instruction to the reader', IMPERATIVE)
  }
  if (/^(?:if|in case|should|when) you\b/.test(bare) && /\bplease\b/.test(bare)) return publishesReport ? STATEMENT : none('an invitation without an address', /please/)
  if (SLOGAN.test(bare)) return weak('a slogan', SLOGAN, 0.8)
  if (stem !== '' && READERS_DUTY.test(stem) && !/\b(?:we|will)\b/.test(text)) return none('completes a duty of the reader', READERS_DUTY)
  return STATEMENT
}
