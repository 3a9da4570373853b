import type { Entry } from './entry.ts'
import { CERTIFICATE, PROVIDER, THIRD_PARTY } from './words.ts'

const INTERNAL = /\b(?:internal(?:ly)?|our own|in-house|self-assess\w*)\b/

export const GOVERNANCE: readonly Entry[] = [
  {
    control: 'program-documented',
    heading: /\b(?:security program|governance|policies|security management|organi[sz]ational security)\b/,
    cues: [
      [0.9, /\b(?:information |cyber ?)?security (?:(?:and privacy|and compliance|management) )?program(?:me)?\b/],
      [0.9, /\b(?:information security management system|isms|security governance|security framework)\b/],
      [0.75, /\b(?:security|information security) (?:polic(?:y|ies)|procedures)\b/, /\b(?:maintain\w*|review\w*|written|document\w*|approved|owned|establish\w*|adopt\w*|implement\w*|set of|updated)\b/],
      [0.7, /\b(?:technical|organi[sz]ational|administrative)\b.{0,40}\b(?:measures|safeguards|controls)\b/],
      [0.65, /\b(?:security (?:measures|controls|safeguards|practices))\b/, /\b(?:implement\w*|maintain\w*|in place|below|listed|appropriate)\b/],
      [0.7, /\b(?:ciso|chief (?:information )?security officer|head of security|security officer|(?:dedicated|experienced|full-time|in-house) (?:information )?(?:security )?team|security (?:committee|council|steering))\b/],
      [0.4, /\bteam of security\b/],
      [0.5, /\b(?:nist (?:csf|cybersecurity framework)|cis (?:controls|benchmarks?)|industry[ -](?:standard|accepted|recogni[sz]ed)\b.{0,30}\bframeworks?)\b/],
    ],
  },
  {
    control: 'policy-versioned',
    heading: /\b(?:modif\w+|changes to|updates to|revisions?|changelog|version history)\b/,
    cues: [
      [0.9, /\b(?:this|the|our) (?:security |privacy )?(?:policy|page|statement|document|notice|addendum|terms)\b/, /\b(?:updat(?:e|es|ed|ing)|modif\w+|revis\w+|amend\w*|change(?:s|d)?|new version)\b/, /\b(?:post\w*|publish\w*|notif\w*|announce\w*|e-?mail|time to time|may|version|website)\b/],
      [0.7, /\b(?:policy changes|version history|previous versions|changelog of (?:this|the) (?:policy|page)|last updated|effective date)\b/],
    ],
    unless: [[/\b(?:risk assessment|security polic(?:y|ies) (?:is|are) reviewed)\b/, 'reviewing policies inside the company is not versioning the published one']],
  },
  {
    control: 'risk-assessed',
    heading: /\brisk (?:management|assessment)\b/,
    cues: [
      [0.9, /\brisk (?:assessments?|management|register|analys[ei]s|treatment|reviews?)\b/],
      [0.7, /\b(?:risks?)\b/, /\b(?:identif\w+|evaluat\w+|assess\w*|scor\w+|tracked|review\w*|mitigat\w+)\b/, /\b(?:regular\w*|annual\w*|quarter\w*|program|process|formal\w*|register|continual\w*)\b/],
    ],
    unless: [[/\bbased on risk\b|\b(?:vendors?|suppliers?|sub-?processors?|third[ -]part(?:y|ies)|dependency|patch(?:es)?|data ?cent(?:er|re)|amazon|aws)\b/, 'a risk-based order of work is not a risk assessment of the company']],
  },
  {
    control: 'certification-stated',
    heading: /\b(?:certificat\w+|complian\w+|attestations?|soc ?2|iso ?27001)\b/,
    cues: [
      [0.92, CERTIFICATE, /\b(?:certif\w+|complian(?:t|ce)|attest\w+|accredit\w+|achiev\w+|hold(?:s|ing)?|obtain\w*|complet\w+|maintain\w*|pass(?:ed)?|audited|renew\w*|aligned)\b/],
      [0.75, CERTIFICATE, /\b(?:reports?|type (?:i{1,2}|[12]))\b/],
      [0.7, CERTIFICATE, /\b(?:we have|has (?:its|our)|our)\b/],
      [0.72, /\b(?:security|compliance|these|this|our|advanced) (?:certifications?|attestations?|accreditations?)\b/, /\b(?:hold\w*|invest\w*|achiev\w*|validat\w*|pursu\w*|evaluat\w*|maintain\w*|obtain\w*|covers?|demonstrat\w*)\b/],
      [0.75, /\b(?:certification|attestation|soc ?2|iso ?27001|type (?:ii|2))\b/, /\b(?:process of|working toward?s?|pursuing|planned|anticipate\w*|expect\w*)\b/],
      [0.8, /\bcertified (?:under|to|against|for|by|as|organi[sz]ation)\b/],
      [0.55, /\bcertified that\b/],
    ],
    unless: [
      [/\b(?:payments?|card|credit)\b.{0,80}\b(?:processor|processed|handled|stripe|braintree|adyen|paypal)\b|\bpci[- ]compliant (?:network|payment)/, "a payment processor's certificate is not the company's"],
      [new RegExp(`^(?!.*\\b(?:we|our (?:company|organi[sz]ation|team|product|service|platform|software|report|isms|business)|us)\\b.{0,40}\\b(?:are|is|hold|have|maintain|achieved|report|completed)\\b).*${PROVIDER.source}`), "a provider's certificate is not the company's"],
      [/\b(?:sub-?processors?|vendors?|suppliers?)\b.{0,60}\b(?:must|required|hold|maintain)\b/, "a vendor's certificate is not the company's"],
    ],
  },
  {
    control: 'independent-audit',
    cues: [
      [0.9, THIRD_PARTY, /\b(?:audit(?:s|ed|ors?|ing)?|examin\w+|attestation)\b/, /\b(?:controls?|criteria|security|compliance|soc|iso|standards?|we|our)\b/],
      [0.72, /\b(?:these|annual|yearly|our|regular|soc ?2|iso ?27001|security|compliance) (?:\w+ )?audits\b/, /\b(?:conduct\w*|undergo\w*|perform\w*|complet\w*|subject)\b/],
      [0.62, /\bsoc[ -]?[12]\b/, /\btype (?:i{1,2}|[12])\b/, /\b(?:achiev\w+|complet\w+|compliant|certif\w+|audit\w*|report covers)\b/],
      [0.58, /\bthis certification\b/, /\bvalidat\w+\b/],
    ],
    unless: [[/\binternal(?:ly)?\b.{0,12}\baudit|\baudit access\b|\b(?:audit|security) logs?\b|\bpenetration|\bfully audited\b|\bself-service\b|\baudit trail/, 'an internal audit, or an audit log, is no independent audit']],
  },
  {
    control: 'internal-audit',
    cues: [
      [0.92, /\binternal(?:ly)? (?:security |compliance )?audit\w*\b/],
      [0.7, INTERNAL, /\b(?:audits?|audited|control testing|compliance reviews?)\b/],
    ],
    unless: [[/\bcode reviews?\b|\baccess\b/, 'a review of code or of access is not an audit of controls']],
  },
  {
    control: 'penetration-test',
    heading: /\b(?:penetration|pen ?test\w*|security testing)\b/,
    cues: [
      [0.95, /\b(?:penetration[ -]test\w*|pen[ -]?tests?|pen[ -]?testing|pentest\w*|red[ -]team\w*|ethical hack\w*)\b/],
      [0.7, THIRD_PARTY, /\b(?:security (?:assessments?|tests?|testing|firms?|reviews?)|testing firms?|application assessments?)\b/],
    ],
    unless: [[/\b(?:you (?:may|can|must|should)|customers? (?:may|can|must|are)|(?:not|without)\b.{0,30}\bpermission)\b.{0,60}\bpen/, "a customer's own testing is not the company's"]],
  },
  {
    control: 'product-stage-stated',
    heading: /\b(?:preview|beta|early access)\b/,
    cues: [
      [0.9, /\b(?:technical|public|private|developer|limited)?[ -]?(?:preview|beta|alpha|early access|pre-release|release candidate)\b/, /\b(?:is|are|currently|remains?|still|stage|phase|in)\b/],
      [0.85, /\b(?:generally available|general availability|not (?:yet )?(?:ready|recommended|intended|suitable|be used) for production)\b/],
      [0.8, /\b(?:recommend\w*|only|should|use)\b/, /\b(?:non-sensitive|public (?:or|and) |test) (?:\S+ ){0,2}data\b/],
      [0.6, /\bexperimental\b/, /\bfeatures?\b/],
    ],
  },
]
