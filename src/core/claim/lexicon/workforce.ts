import type { Entry } from './entry.ts'
import { DURATION, PRODUCTION, STAFF } from './words.ts'

const ACCESS = /\b(?:access(?:es|ed)?|entitlements?|permissions?|rights|privileges?|accounts?|credentials?|authori[sz]ations?)\b/
const LEAVING = /\b(?:off-?board\w*|leav(?:e|es|ing)|terminat(?:ed?|ion|es)|depart\w*|exit\w*|separation|end of employment|last day|former (?:employees?|staff))\b/
const CUSTOMERS_OWN = [/\b(?:your|their) (?:own )?(?:users|team|employees|members|workspace|organi[sz]ation|account)\b|^(?:customers?|admins?|administrators?|users?|you|workspace owners?|account owners?) (?:can|may|are able|assign|manage|have)|\bcustomers are responsible\b|\b(?:workspace|organization|organisation) (?:admins?|owners?|members?)\b|\bmembers of a workspace\b/, "it is the customer's own control of its users"] as const

export const WORKFORCE: readonly Entry[] = [
  {
    control: 'access-least-privilege',
    heading: /\b(?:access control|least privilege|access management)\b/,
    cues: [
      [0.9, /\bleast[ -]privileged?\b/],
      [0.85, /\b(?:need[ -]to[ -](?:know|do|have)|minimum|minimal|only the)\b/, ACCESS],
      [0.6, /\b(?:restricted|limited)\b.{0,30}\b(?:iam|identities|permissions|access)\b/, /\b(?:iam|identities|permissions|roles|accounts)\b/],
      [0.6, /\b(?:default[ -]deny|deny[ -]by[ -]default)\b/],
    ],
    unless: [CUSTOMERS_OWN, [/\bfine-tune\b|\bwithin the (?:graph|database|product)\b/, 'it is a feature of the product'], [/\bbusiness need\b.{0,60}\bproduction|production.{0,80}\bbusiness need\b/, 'production access has a control of its own']],
  },
  {
    control: 'access-role-based',
    heading: /\b(?:access control|access management)\b/,
    cues: [
      [0.92, /\b(?:role[ -]based|rbac|by role|based on (?:their )?(?:role|job)|role and responsibilit\w+|job (?:function|role|duties)|per role)\b/, ACCESS],
      [0.85, ACCESS, /\b(?:approv\w+|sign-off|ticket(?:ed|s)?|request(?:ed|s)?)\b/, /\b(?:manager|owner|grant\w*|provision\w*|assigned|required|requirements)\b/],
      [0.8, /\baccess (?:provisioning|requests?)\b/],
    ],
    unless: [CUSTOMERS_OWN, [/\bmultiple users\b|\bproduct (?:supports|offers)\b|\blets you\b|\bonly a limited number\b|\bquestionnaire\b|\bon request\b|\bregularly audit\b/, 'it is a feature of the product, or another control'], [/\bdeploy\b|\bmerge\w*\b|\bpull requests?\b/, 'approval of changes, not of access']],
  },
  {
    control: 'access-production-limited',
    heading: /\b(?:production access|access control)\b/,
    cues: [
      [0.95, PRODUCTION, /\b(?:only|limited|restrict\w*|few|small number|named|just[ -]in[ -]time|temporary|time-bound|authori[sz]ed|permitted|break-?glass)\b/, /\b(?:access\w*|log ?in|reach|connect|permitted|enter)\b/],
      [0.75, /\b(?:access to|reach|log ?in to)\b.{0,30}\b(?:servers?|infrastructure|systems|databases?|production)\b/, /\b(?:only|limited to|restrict\w*|small|named|authori[sz]ed)\b/],
      [0.5, /\bneed to access\b.{0,60}\b(?:data|information)\b/],
    ],
    unless: [
      [/\b(?:data ?cent(?:er|re)s?|physical\w*|facilit\w+|back-?ups?)\b/, 'access to halls or to backups has controls of its own'],
      [/\b(?:deploy(?:s|ed|ment|ments)?\b(?!,)|background checks?|onboarding|logs? and monitors|recorded|ip (?:address|allow)|removed? when)\b(?!.*\bonly a limited number\b)/, 'another control of the same systems'],
      CUSTOMERS_OWN,
    ],
  },
  {
    control: 'access-logged',
    heading: /\b(?:access control|monitoring)\b/,
    cues: [
      [0.92, /\b(?:access|sessions?|remote (?:access|management)|logins?|commands?|administrative (?:actions?|access))\b/, /\b(?:logs?|logged|logging|audited|recorded|audit trails?|monitored|monitors|transcript\S*)\b/, /\b(?:production|staff|employees?|remote|internal|administrat\w+|privileged|access to|ssh|engineers?|all access|every)\b/],
    ],
    unless: [CUSTOMERS_OWN, [/\bsecurity logs\b|\baudit logs? (?:is|are) (?:available|retained|kept|archived)|\bexport\b|\bcentral log\b|\blimited to\b/, 'it is the log of the product or of the systems']],
  },
  {
    control: 'access-removed',
    heading: /\baccess\b/,
    cues: [
      [0.9, /\b(?:remov(?:e|es|ed|al)|revok(?:e|es|ed)|withdraw\w*|disabl(?:e|es|ed)|adjust\w*|deprovision\w*)\b/, ACCESS, /\b(?:no longer|not needed|changes? roles?|role changes?|unneeded|unused|inactive|stale|promptly|at once|immediately)\b/],
    ],
    unless: [[/\b(?:off-?boarding|leaves?|leaving|terminat\w+|departing|departure)\b/, 'leaving the company has a control of its own'], CUSTOMERS_OWN, [/\btokens?\b/, "customers' tokens"]],
  },
  {
    control: 'access-reviewed',
    heading: /\baccess reviews?\b/,
    cues: [
      [0.95, /\b(?:access|entitlement|user|permission)s? (?:re)?(?:reviews?|certifications?|audits?)\b/],
      [0.9, /\b(?:review(?:s|ed|ing)?|recertif\w+|audit(?:s|ed)?|re-?evaluat\w+|reconcil\w+)\b/, ACCESS, /\b(?:quarter\w*|annual\w*|regular\w*|periodic\w*|month\w*|year\w*|every|each|semi-annual\w*)\b/],
    ],
    unless: [[/\b(?:vendors?|suppliers?|code reviews?|audit logs?|security logs|trust services criteria)\b/, 'another review'], CUSTOMERS_OWN],
  },
  {
    control: 'workforce-mfa',
    heading: /\b(?:corporate security|internal access|authentication)\b/,
    cues: [
      [0.9, /\b(?:mfa|2fa|(?:multi|two)-?factor(?: authentication)?|hardware (?:security )?keys?|security keys?|yubikeys?|webauthn|fido2?|phishing-resistant)\b/, /\b(?:employees?|staff|personnel|our (?:people|team|engineers|internal|own)|internal|we (?:require|enforce|use|mandate)|workforce|company|production|corporate|idp|enrolled|mandatory for)\b/],
      [0.85, /\b(?:sso|single sign-?on|identity provider|idp|okta)\b/, /\b(?:employees?|staff|personnel|our (?:people|team|engineers|services|internal)|internal|corporate|workforce|gated|access to our|company)\b/],
      [0.8, /\bgoogle (?:authentication|workspace|sign-?in)\b/, /\b(?:our|we|internal|employees?|staff|team)\b/],
      [0.7, /\b(?:password manager|unique (?:user )?(?:accounts|passwords|logins|credentials))\b/],
    ],
    unless: [CUSTOMERS_OWN, [/\b(?:return|hand back|ssh|scim|saml|wireguard|plan|tier|settings)\b|\bcustomers?\b|\bspecific(?:ally)? for users\b/, 'it is not how the workforce signs in']],
  },
  {
    control: 'background-check',
    cues: [
      [0.96, /\b(?:background|reference|criminal(?:[ -]record| history)?|employment) (?:checks?|screenings?|verifications?)\b/],
      [0.92, /\bbackground[ -]?checked\b|\b(?:screen(?:s|ed|ing)|vett(?:ed|ing)|checked)\b.{0,40}\b(?:criminal|employment|identity|hire\w*|history)\b/],
      [0.7, STAFF, /\b(?:vetted|vetting|screened|screening)\b/],
    ],
  },
  {
    control: 'confidentiality-agreement',
    cues: [
      [0.94, /\b(?:confidentiality|non-?disclosure|secrecy)(?: and (?:confidentiality|non-?disclosure))? (?:agreements?|obligations?|clauses?|undertakings?)\b/, /\b(?:sign\w*|bound|employees?|staff|contractors?|personnel|required|must|workforce|enter\w*)\b/],
      [0.85, /\bndas?\b/, STAFF, /\b(?:sign\w*|bound|must|required)\b/],
    ],
    unless: [[/\b(?:sub-?processors?|reports? (?:is|are|under)|on request|available)\b/, 'it binds a vendor or a reader, not the workforce']],
  },
  {
    control: 'policy-acknowledged',
    cues: [
      [0.93, /\b(?:acknowledg\w+|attest\w*|agree(?:s|d)?|read|reads|sign(?:s|ed)?|accept(?:s|ed)?)\b/, /\b(?:acceptable[ -]use|security (?:polic(?:y|ies)|procedures)|code of conduct|(?:our|company) polic(?:y|ies)|employee handbook)\b/],
      [0.6, /\backnowledg\w+\b/, /\bpolic(?:y|ies)\b/, STAFF],
    ],
    unless: [[/\byour (?:continued )?(?:use|acknowledg)/, "it is the reader's consent"]],
  },
  {
    control: 'security-training',
    heading: /\b(?:training|awareness)\b/,
    cues: [
      [0.95, /\b(?:security|privacy|awareness|phishing|compliance|secure coding)(?:[ -]and[ -]\w+)?(?: awareness)? (?:training|education|simulations?|exercises|courses?)\b/],
      [0.85, /\b(?:train(?:ed|ing)|awareness)\b/, /\b(?:staff|employees?|personnel|security|annual\w*|team)\b/],
      [0.85, /\bphishing (?:simulations?|tests?|campaigns?)\b/],
    ],
    unless: [[/\b(?:train (?:our |any )?(?:ai |machine |language )?models?|training data)\b/, 'training of models']],
  },
  {
    control: 'onboarding-complete',
    heading: /\bonboarding\b/,
    cues: [
      [0.92, /\bon-?board(?:ing|ed)?\b/, /\b(?:procedures?|process\w*|checklist|steps?|complete\w*|documentation|access|required|before|until)\b/],
      [0.55, /\bbefore\b.{0,60}\b(?:allowed|access|receiv\w+)\b/, STAFF],
    ],
    unless: [CUSTOMERS_OWN],
  },
  {
    control: 'offboarding-complete',
    heading: /\boff-?boarding\b/,
    cues: [
      [0.94, /\boff-?board(?:ing|ed)?\b/],
      [0.95, LEAVING, /\b(?:revok\w*|remov\w*|disabl\w*|deactivat\w*|withdraw\w*|terminat\w*)\b/, ACCESS],
      [0.6, LEAVING, STAFF, DURATION],
    ],
    unless: [[/\b(?:subscription|contract|cancel\w*|account data|customer data (?:is|will)|leaves? the (?:eu|region|country)|never leaves?|hand back|laptops? and)\b/, 'it is a customer, a contract or data that leaves'], CUSTOMERS_OWN],
  },
  {
    control: 'assets-returned',
    cues: [
      [0.95, /\b(?:return(?:ed|s|ing)?|hand(?:s|ed)? (?:back|in)|wip(?:e|ed|ing)|collect(?:ed)?|recover(?:ed)?)\b/, /\b(?:devices?|laptops?|equipment|badges?|hardware|keys|company property|assets)\b/],
    ],
    unless: [[/\b(?:customers?|media|disks?|drives?)\b/, 'it is not what people hand back on leaving']],
  },
  {
    control: 'endpoint-security',
    heading: /\b(?:endpoint|device)s?\b/,
    cues: [
      [0.94, /\b(?:laptops?|workstations?|endpoints?|(?:company|corporate|employee|staff|managed|mobile)[ -](?:owned |issued |managed )?(?:devices?|computers?|machines?)|secure devices|(?:team|employees|staff)(?: members)? uses? .{0,20}devices|mdm|mobile device management)\b/, /\b(?:encrypt\w*|patch\w*|lock\w*|managed|antivirus|anti-?malware|mdm|firewalls?|protected|monitored|disk|secur\w+|enforce\w*|screen)\b/],
    ],
    unless: [[/\b(?:return|hand back|wipe|api endpoints?|public endpoints?|detection and response agents run on all servers)\b/, 'it is not about the devices people work on']],
  },
]
