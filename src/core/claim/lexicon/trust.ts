import type { Entry } from './entry.ts'
import { INCIDENT, NOTIFY, PERSONAL_DATA, SUBPROCESSOR, VENDOR } from './words.ts'

const DPA = /\b(?:dpas?|data[ -](?:processing|protection) (?:agreements?|addend(?:um|a)|terms))\b/
const LAW = /\b(?:gdpr|uk gdpr|ccpa|cpra|lgpd|pipeda|appi|popia|general data protection regulation|california consumer privacy act|data (?:protection|privacy) (?:laws?|regulations?|acts?|legislation)|privacy (?:laws?|regulations?)|dpdp|nfadp)\b/
const MANAGE = /\b(?:manag(?:e|es|ing)|assign(?:s|ed)?|control(?:s)?|configur(?:e|able)|set(?:s|ting)?|restrict\w*|limit|require|enforce|enable|can|may|support(?:s|ed)?|available|offer(?:s|ed)?|provid(?:e|es|ed)|grant|define|create)\b/
const WORKFORCE_ONLY = [/\b(?:our (?:employees?|staff|people|engineers|internal)|employees? (?:must|sign|use)|internal (?:access|systems?|tools)|idp|workforce|enrolled|personnel|access to our services|production access|team onboard|access provisioning|entitlements are assigned)\b/, 'it is how the workforce is controlled'] as const

export const TRUST: readonly Entry[] = [
  // vendors
  {
    control: 'subprocessors-listed',
    heading: /\bsub-?processors?\b/,
    cues: [
      [0.94, SUBPROCESSOR, /\b(?:list(?:ed|s)?|page|current|public\w*|see|find|at|available)\b/],
      [0.6, SUBPROCESSOR],
      [0.55, VENDOR, /\blisted\b/],
    ],
    unless: [[/\b(?:notify|notice|notified|inform\w*|advance|object|agreement|bound|contract\w*|obligations?|aware of|governed|assessed|reviewed|due diligence)\b(?!.*\bread together\b)/, 'it is another promise about subprocessors']],
  },
  {
    control: 'subprocessor-agreements',
    heading: /\b(?:sub-?processors?|vendors?)\b/,
    cues: [
      [0.95, /\b(?:sub-?processors?|vendors?|suppliers?)\b/, /\b(?:agreements?|contract(?:s|ual|ually)?|bound|obligations?|dpas?|terms|governed|obligat\w+|require[sd]?)\b/, /\b(?:sub-?processors?|data protection|confidentiality|processing|security|written)\b/],
    ],
    unless: [[/\b(?:notify|notice|days before|advance|list of|listed|commits us|aware of|workforce members|onboarding and|read together|acceptable-use)\b/, 'it is another promise about vendors']],
  },
  {
    control: 'subprocessor-notice',
    cues: [
      [0.96, SUBPROCESSOR, /\b(?:notif\w+|notice|inform\w*|announce\w*|advance|subscribe|e-?mail|object|told)\b/, /\b(?:new|add(?:ed|ing|itional)?|chang\w+|engag\w+|before|advance|days|replac\w+|intended)\b/],
    ],
    unless: [[/\bbreach\b/, 'it is about a breach']],
  },
  {
    control: 'vendor-review',
    heading: /\b(?:vendors?|suppliers?|third[ -]party risk)\b/,
    cues: [
      [0.95, VENDOR, /\b(?:review(?:s|ed|ing)?|assess(?:ed|es|ment|ments)?|evaluat\w+|due diligence|audit(?:s|ed)?|vetted|monitor(?:s|ed)?|risk)\b/, /\b(?:security|compliance|risk|vendor|supplier|privacy|posture|due diligence)\b/],
      [0.9, /\b(?:vendor|supplier|third[ -]party)(?: risk)? (?:management|risk|security|assessments?|due diligence)\b/],
    ],
    unless: [[/\b(?:third[ -]party (?:auditors?|penetration|firm|has audited|libraries|components)|penetration|pen[ -]?tests?|bug bounty|your report|cannot bind|independent third-party|external auditor|code|service provider$|payment|legal action|personal details|affected third)\b/, 'the third party examines the company, or is party to a report']],
  },
  // privacy
  {
    control: 'privacy-policy',
    heading: /\bprivacy\b/,
    cues: [
      [0.92, /\bprivacy (?:policy|notice|statement)\b/],
    ],
    unless: [[/\b(?:we may (?:revise|update|change)|revis\w+ (?:this|the) privacy)\b/, 'it is about changing the policy']],
  },
  {
    control: 'privacy-law',
    heading: /\b(?:privacy|gdpr|ccpa|data protection)\b/,
    cues: [
      [0.93, LAW, /\b(?:compl(?:y|ies|iance|iant)|meet\w*|in accordance|adhere\w*|abid\w*|requirements|conform\w*|fulfil\w*|support\w*)\b/],
      [0.8, /\b(?:processor|controller)\b/, /\b(?:act(?:s)?|as a|data)\b/, /\bprocessor\b/],
      [0.6, LAW],
      [0.72, /\bcompl(?:y|iance|ies)\b/, /\b(?:personal data protection|confidentiality|privacy)\b/, /\b(?:obligations|laws?|regulations?)\b/],
    ],
    unless: [[/\b(?:supervisory|72 hours|breach notification|article 33|officer|dpo|contractual clauses|sccs?|sub-?processors? .{0,40}(?:bound|agreement))\b/, 'the law is named for one of its duties']],
  },
  {
    control: 'dpo-contact',
    cues: [
      [0.93, /\b(?:data[ -](?:protection|privacy) (?:officer|contact|team|lead)|dpo\w*|privacy (?:officer|team)|eu representative|privacy@)\b/, /\b(?:assigned|(?:is|as) our|reach\w*|contact\w*|e-?mail|@|appointed|write|designated|questions)\b|@/],
    ],
  },
  {
    control: 'data-subject-requests',
    heading: /\b(?:your rights|data subject|privacy rights)\b/,
    cues: [
      [0.95, /\b(?:data[ -]subject|(?:access|deletion|erasure|rectification|portability) requests?|dsars?|right to (?:be forgotten|access|erasure|delete))\b/],
      [0.9, /\b(?:request\w*|ask us|right to|entitled)\b/, /\b(?:access|correct\w*|delet\w+|eras\w+|export|copy|portability|rectif\w+|restrict)\b/, /\b(?:personal (?:data|information)|(?:your|their) (?:data|information)|pii)\b/],
      [0.8, /\b(?:request(?:s|ing)? (?:erasure|deletion|access)|object to (?:the )?processing|erasure)\b/],
    ],
  },
  {
    control: 'data-retention',
    heading: /\b(?:retention|deletion)\b/,
    cues: [
      [0.94, /\b(?:delet\w+|eras\w+|purg\w+|destroy\w*|retain\w*|retention|kept|removed)\b/, PERSONAL_DATA, /\b(?:after|within|upon|days?|months?|years?|cancel\w+|terminat\w+|closure|as long as|no longer|period|policy|when (?:you|the) (?:account|contract))\b/],
      [0.85, /\bdata retention\b|\b(?:secure(?:ly)?|media) (?:dispos\w+|destr\w+|wip\w+|saniti\w+)\b/],
    ],
    unless: [[/\b(?:logs?|back-?ups?|snapshots?|request|ask us|cards?|access when|conduct|reports?)\b/, 'it is about logs, backups or requests']],
  },
  {
    control: 'breach-notification',
    cues: [
      [0.97, /\b(?:supervisory|data[ -]protection|regulatory|competent) authorit\w+\b|\bregulators?\b/, INCIDENT, NOTIFY],
      [0.85, /\b72[ -]hours?\b/, /\bauthorit\w+\b/],
    ],
  },
  {
    control: 'dpa-available',
    cues: [
      [0.92, DPA, /\b(?:available|sign\w*|download\w*|offer\w*|customers?|execut\w+|pre-signed|standard|incorporat\w+|enter into|register|part of|request|trust cent(?:er|re)|every|embeds?|commits)\b/],
      [0.5, DPA],
    ],
    unless: [[/\b(?:each|every|all|with) (?:\S+ )?sub-?processors?\b|\bsub-?processors? (?:is|are) bound\b/, 'it is the agreement with vendors']],
  },
  {
    control: 'data-minimised',
    cues: [
      [0.95, /\b(?:data minimi[sz]ation|minimi[sz]e (?:the )?(?:data|collection)|collect only|only collect|no more (?:data )?than|collects? (?:\S+ ){0,3}?(?:minimum|only)|do not collect|never collect)\b/],
      [0.6, /\b(?:anonymi[sz]\w+|pseudonymi[sz]\w+|aggregated)\b/, /\bdata\b/],
    ],
  },
  {
    control: 'purpose-limited',
    cues: [
      [0.95, /\b(?:sell|sold|selling|rent(?:ed)?|monetis\w+|monetiz\w+|advertis\w+)\b/, /\b(?:data|information|content)\b/],
      [0.93, /\b(?:not|never)\b/, /\btrain\b/, /\b(?:models?|ai)\b/],
      [0.75, /\b(?:only (?:used?|process\w*)|use\w* only|used? solely|for no other purpose|not use[d]?)\b/, /\b(?:data|information|content)\b/],
    ],
    unless: [[/\b(?:staging|testing|test|development)\b/, 'it is about test environments'], [/\bwe recommend\b/, 'it is advice']],
  },
  {
    control: 'data-ownership',
    cues: [
      [0.95, /\b(?:you|customers?|users?)\b.{0,20}\b(?:own|retain (?:all )?(?:rights|ownership)|keep ownership|remain the owners?)\b/, /\b(?:data|content|information)\b/],
      [0.85, /\b(?:data|content)\b/, /\b(?:belongs? to you|is yours|ownership|portab\w+|export (?:it|your data|all)|take it with)\b/],
    ],
    unless: [[/\b(?:own (?:users|vpc|keys|security|network|role)|audit log)\b/, 'own is not ownership here']],
  },
  {
    control: 'data-confidential',
    heading: /\bconfidential\w*\b/,
    cues: [
      [0.9, /\b(?:staff|employees?|personnel|support|engineers?|we|nobody)\b/, /(?:\b(?:not|never|only|unless|without)\b|n't\b).{0,40}\b(?:look at|view|read|access|see|open|disclose)\b/, /\b(?:customer|your|content|files|messages|data)\b/, /\b(?:unless|permission|consent|request|ask|need|explicit\w*)\b/],
      [0.8, /\b(?:not|n't|never|no)\b.{0,40}\b(?:access|see)\b/, /\b(?:your|customers?'?|users?'?|end-user|their)\b.{0,12}\b(?:data|content|files)\b/],
      [0.85, /\b(?:treat\w*|kept|keep|handle[sd]?)\b.{0,40}\bconfidential\b/, /\b(?:customer|your|data|information)\b/],
    ],
    unless: [[/\b(?:reports?|reporters?|identifying|backup|production systems)\b/, 'it is about reports or systems']],
  },
  {
    control: 'international-transfer',
    heading: /\b(?:transfers?|international)\b/,
    cues: [
      [0.94, /\b(?:standard contractual clauses|sccs?|binding corporate rules|adequacy decisions?|cross[ -]border|international (?:data )?transfers?|data privacy framework|dpf)\b/],
      [0.8, /\btransfer(?:s|red)?\b/, /\b(?:eea|eu|european|outside|abroad|third countr\w+|united states)\b/],
    ],
  },
  {
    control: 'sector-law',
    cues: [
      [0.93, /\b(?:hipaa|hitech|coppa|ferpa|glba|ffiec|finra|sox|gxp|21 cfr|baas?|business associate agreements?|phi|dora|nis ?2)\b/, /\b(?:compl\w+|support\w*|sign\w*|meet\w*|available|offer\w*|workloads?|agreement)\b/],
    ],
    unless: [[/\b(?:self-service|trust center|compliance package|questionnaire)\b/, 'it is a list of documents']],
  },
  // customers' own controls
  {
    control: 'customer-rbac',
    heading: /\b(?:roles?|permissions?|access control|user management)\b/,
    cues: [
      [0.92, /\b(?:roles?(?:[ -]based)?|permissions?|rbac|user (?:management|roles))\b/, /\b(?:admins?|administrators?|customers?|owners?|workspace|organi[sz]ation|members?|multiple users|your (?:team|users)|you can|supports?|users, roles|account)\b/, MANAGE],
    ],
    unless: [WORKFORCE_ONLY, [/\b(?:api tokens?\b(?!, integrations)|changes roles|job role|role-based need)\b|\brole and responsib\w+\b|\bsingle field\b|\bescalation\b|\binternal\b/, 'it is not how customers manage their users']],
  },
  {
    control: 'customer-fine-grained',
    heading: /\b(?:granular|fine-grained|field-level)\b/,
    cues: [
      [0.93, /\b(?:fine-grained|field[ -]level|row[ -]level|column[ -]level|record[ -](?:level|types?)|single fields?|attribute[ -]based|schema-based|per-field|object[ -]level)\b/],
      [0.75, /\bgranular\b/, /\b(?:access|permissions?|roles?)\b/],
      [0.85, /\bspecific parts of\b/, /\baccess\b/],
    ],
    unless: [WORKFORCE_ONLY],
  },
  {
    control: 'customer-sso',
    heading: /\b(?:single sign|sso|saml|authentication)\b/,
    cues: [
      [0.93, /\b(?:sso|single sign-?on|saml|scim|openid connect|oidc)\b/, /\b(?:customers?|plans?|tier|enterprise|admins?|available|supports?|supported|your|users|settings|workspace|organi[sz]ations?|offer\w*|integrat\w+)\b/],
    ],
    unless: [WORKFORCE_ONLY],
  },
  {
    control: 'customer-mfa',
    heading: /\b(?:two-factor|multi-factor|2fa|mfa|authentication)\b/,
    cues: [
      [0.92, /\b(?:mfa|2fa|(?:multi|two)[ -]factor|totp|passkeys?)\b/, /\b(?:customers?|users?|admins?|administrators?|your (?:account|organi[sz]ation)|members|workspace|available|offer\w*|supports?|settings|can|enable|you)\b/],
    ],
    unless: [WORKFORCE_ONLY, [/\b(?:employees?|staff|enrolled|mandatory for every employee|hardware security key)\b/, 'it is how the workforce signs in']],
  },
  {
    control: 'customer-sign-in',
    cues: [
      [0.94, /\b(?:sign|log)[ -]?(?:in|on|ins)\b/, /\b(?:users?|customers?|you|members)\b/, /\b(?:google|github|microsoft|magic links?|passwords?|passkeys?|social|e-?mail)\b/],
      [0.7, /\b(?:password (?:policy|complexity|strength|requirements)|account lockout|brute[ -]force)\b/],
    ],
    unless: [[/\b(?:our people|employees?|staff|production|okta|ip (?:allow|address))\b/, 'it is how the workforce signs in, or from where']],
  },
  {
    control: 'customer-api-tokens',
    heading: /\b(?:api|tokens?|integrations?)\b/,
    cues: [
      [0.94, /\b(?:api|access|personal access|service)[ -](?:tokens?|keys?)\b/, /\b(?:scop\w+|expir\w+|revok\w+|rotat\w+|customers?|you|users|integrations?|manag\w+|create|personal)\b/],
      [0.75, /\boauth (?:apps?|scopes?)\b/],
    ],
    unless: [[/\b(?:vault|source code|secret store|encryption keys)\b/, "it is the company's own credentials"]],
  },
  {
    control: 'customer-audit-log',
    heading: /\baudit logs?\b/,
    cues: [
      [0.94, /\b(?:audit|activity|access|event) (?:logs?|trails?|history)\b/, /\b(?:customers?|owners?|admins?|administrators?|you|your|export\w*|workspace|organi[sz]ation|enterprise|users? can|download|available)\b/],
    ],
    unless: [[/\b(?:captures|siem|our systems|production|internal systems|retained|we (?:keep|retain|collect))\b/, "it is the company's own log"]],
  },
  {
    control: 'customer-ip-restriction',
    cues: [
      [0.95, /\bip[ -](?:allow-?list\w*|white-?list\w*|restrict\w*|address(?:es)? (?:allow|restrict|rang)\w*|access lists?|ranges?|filter\w*)\b/],
      [0.75, /\b(?:private ?link|vpc peering|ip addresses)\b/, /\b(?:restrict|limit|allow|only|customers?)\b/],
    ],
  },
  // transparency
  {
    control: 'whitepaper-available',
    heading: /\bwhite ?papers?\b/,
    cues: [
      [0.95, /\b(?:white ?papers?|security (?:overview|paper|guide) \(?pdf)\b/, /\b(?:get|read|download|our|see|available|request|the)\b/],
    ],
  },
  {
    control: 'documents-on-request',
    heading: /\b(?:documents?|reports?|trust cent(?:er|re)|compliance documents)\b/,
    cues: [
      [0.95, /\b(?:reports?|certificates?|questionnaires?|policies|register|standard form|bridge letter|caiq|sig lite|documents?|documentation|summar(?:y|ies)|soc ?[123]|baas?|letters?)\b/, /\b(?:on request|upon request|request (?:a|our|the)|under (?:an? )?(?:nda|non-?disclosure)|nda|trust (?:cent(?:er|re)|portal)|self-service|can be (?:requested|downloaded)|(?:publicly )?available (?:to|for|on|from|upon|\()|compliance package)\b/],
      [0.6, /\btrust (?:cent(?:er|re)|portal)\b/],
    ],
    unless: [[/\b(?:vulnerability reports?|your report|security reports? submitted|white ?paper|issue reports?|re-executed)\b/, 'it is not a document about the company']],
  },
]
