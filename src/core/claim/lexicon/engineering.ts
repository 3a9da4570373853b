import type { Entry } from './entry.ts'
import { DAILY, DEPENDENCY, DURATION, SCAN, VULNERABILITY } from './words.ts'

const CHANGE = /\b(?:code(?: changes?)?|changes?|commits?|pull requests?|merge requests?|prs?|patch(?:es)? sets?|software)\b/
const ADDRESS = /[\w.+-]+@[\w-]+\.[\w.-]+|url:\/\/|\b(?:contact us|email us|e-?mail|write to us|reach (?:us|out)|get in (?:touch|contact)|signal number|hackerone|bugcrowd|report form|response page|pgp key|security contact)\b/
const DISCLOSURE = /\b(?:vulnerabilit\w+|security|bug|issue|flaw|disclosure|abuse|report)s?\b/
const MALICE = /\b(?:malicious|malware|typo-?squat\w*|supply[ -]chain attacks?|backdoors?|tampered|compromised packages?)\b/
const OF_CUSTOMERS = [/\b(?:customer support|support tickets?|sales)\b/, 'it is about support'] as const

export const ENGINEERING: readonly Entry[] = [
  {
    control: 'code-reviewed',
    heading: /\b(?:code review|development|change management)\b/,
    cues: [
      [0.95, /\b(?:code|peer)[ -]reviews?\b|\bpeer[ -]reviewed\b/],
      [0.93, CHANGE, /\b(?:review(?:s|ed)?|approv(?:al|ed?|es)|second (?:engineer|pair of eyes|developer)|four[ -]eyes)\b/, /\b(?:before|prior|merge\w*|every|all|no|deploy\w*|another|second|production|must)\b/],
    ],
    unless: [[/\b(?:policy changes|changes? to (?:this|the) policy|access (?:requests?|provisioning)|affected dependency|build fails|reported vulnerabilit\w+)\b/, 'it is not a review of code']],
  },
  {
    control: 'environments-separated',
    cues: [
      [0.94, /\b(?:test(?:ing)?|development|staging|dev|non-production|sandbox|qa)\b/, /\bproduction\b/, /\b(?:separat\w*|isolat\w*|segregat\w*|distinct|different (?:accounts?|environments?|networks?)|never)\b/],
      [0.7, /\bproduction data\b|\bcustomer data\b/, /\b(?:not|never)\b.{0,20}\b(?:used|copied)\b/, /\b(?:test\w*|development|staging)\b/],
    ],
  },
  {
    control: 'version-controlled',
    cues: [
      [0.93, /\b(?:version[ -]control(?:led)?|source[ -]control|git(?:hub|lab)?|revision control)\b/, /\b(?:code|changes?|stored|kept|managed|tracked|maintained|repositor\w+|configuration)\b/],
    ],
    unless: [[/\b(?:sign[ -]in|log[ -]?in|oauth|integrations?|secret scanning|advisor\w+|terraform)\b/, 'the forge is named for something else']],
  },
  {
    control: 'deployment-restricted',
    cues: [
      [0.93, /\b(?:deploy(?:s|ed|ment|ments|ing)?|releases?|ship(?:ped)?)\b/, /\b(?:only|limited to|restricted|authori[sz]ed|permission|named|controlled process\w*)\b/, /\b(?:pipelines?|engineers?|production|access|people|team|personnel|process\w*)\b/],
      [0.6, /\b(?:ci\/cd|continuous (?:deployment|delivery)|deployment pipeline|automated deployments?)\b/],
    ],
    unless: [[/\b(?:vpc|region|customers? deploy|you deploy|background check|instances?|available|before any release|test suite)\b/, 'it is not about who may release']],
  },
  {
    control: 'change-tested',
    cues: [
      [0.94, /\b(?:change(?:s|d)?|code|releases?|software|features?|builds?|commits?)\b/, /\b(?:(?:are|is|be|been|fully|thoroughly|automatically) (?:\w+ )?tested|tests? (?:must )?pass|test suites?|automated tests?|unit tests?|integration tests?|regression|qa\b|quality assurance|tested)\b/],
    ],
    unless: [[/\b(?:penetration|pen ?tests?|restore[sd]?|recovery|continuity|sample of controls)\b/, 'another kind of test']],
  },
  {
    control: 'secure-development',
    heading: /\b(?:secure development|application security|sdlc|software development)\b/,
    cues: [
      [0.94, /\b(?:s-?sdlc|secure (?:software )?development(?: life ?cycle)?|secure coding|security by design|secure by design|threat model\w*|sast|dast|static (?:code |application )?(?:security )?(?:analysis|testing)|dynamic (?:analysis|application security testing)|fuzz(?:ing|ed)?|security champions?)\b/],
      [0.85, /\bowasp\b/],
      [0.85, /\bdevelopment (?:practices|process\w*|life ?cycle|standards)\b/, /\b(?:secur\w+|risk)\b/],
      [0.85, /\bsecure practices for development\b|\bmemory-safe\b/],
      [0.6, /\b(?:minimi[sz]e|reduce|small(?:er)?) (?:our |the )?attack surface\b/],
    ],
    unless: [[/\btraining\b(?!.*\bstatic\b)/, 'training has a control of its own']],
  },
  {
    control: 'dependency-scan',
    cues: [
      [0.94, DEPENDENCY, /\b(?:vulnerabilit\w+|cves?|advisor\w+|security (?:issues|updates|alerts))\b/, SCAN],
      [0.9, /\b(?:dependabot|renovate|snyk|software composition analysis|sca tools?|dependency (?:scann\w+|checks?|vulnerability))\b/],
    ],
    unless: [[/\b(?:patches and dependency updates|affected dependency version|build fails|cannot be merged)\b/, 'it is about what follows from a finding']],
  },
  {
    control: 'malicious-dependency',
    cues: [
      [0.85, DEPENDENCY, MALICE],
      [0.6, /\bsoftware supply[ -]chain\b/],
    ],
  },
  {
    control: 'ci-gate',
    cues: [
      [0.96, /\b(?:build|ci|pipeline|pull request|merge|check)s?\b/, /\b(?:fail(?:s|ed)?|block(?:s|ed)?|stop(?:s|ped)?|reject(?:s|ed)?|cannot be merged|prevent\w*)\b/, /\b(?:vulnerab\w+|dependenc\w+|packages?|librar\w+|affected|finding)\b/],
    ],
  },
  {
    control: 'daily-scan',
    cues: [
      [0.96, DAILY, SCAN, /\b(?:vulnerabilit\w+|dependenc\w+|deployed|cves?|weakness\w*)\b/],
    ],
    unless: [
      [/\b(?:quarterly|monthly|weekly|annual(?:ly)?|yearly|every (?:quarter|month|week|year)|each (?:quarter|month|week|year))\b/, 'a scan that runs less often than each day is no daily scan'],
      [/\b(?:back-?ups?|backed up|logs?)\b/, 'it is about backups or logs'],
    ],
  },
  {
    control: 'infrastructure-scan',
    heading: /\b(?:vulnerability (?:scanning|management)|infrastructure)\b/,
    cues: [
      [0.93, /\b(?:hosts?|images?|containers?|networks?|servers?|infrastructure|systems|perimeter|cloud (?:configuration|accounts?)|external|internet-facing)\b/, /\b(?:scan(?:s|ned|ning)?|vulnerability (?:scans?|assessments?))\b/],
      [0.8, /\bvulnerability scan(?:s|ning|ners?)?\b/],
      [0.7, /\b(?:nessus|qualys|tenable|trivy|cspm|inspector)\b/],
    ],
    unless: [[/\b(?:dependenc\w+|librar\w+|packages?|gems|(?:do not|don't|never) (?:run|use))\b/, 'it is about dependencies, or advice to the reader'], [/\b(?:anti-?virus|malware)\b/, 'malware is another control']],
  },
  {
    control: 'vulnerability-triage',
    heading: /\bvulnerabilit\w+|security reports?\b/,
    cues: [
      [0.93, /\b(?:vulnerabilit\w+|findings?|issues|reports?|flaws?)\b/, /\b(?:evaluat\w+|triag\w+|rank(?:s|ed)?|rat(?:e|es|ed|ing)|scor(?:e|es|ed)|prioriti[sz]\w+|assess(?:es|ed)?|classif\w+|categori[sz]\w+|severity)\b/, /\b(?:severity|exploitab\w+|impact|cvss|risk|criticality|exposure|triag\w+)\b/],
      [0.8, /\bseverity (?:rating|level)s?\b|\b(?:upgrade|downgrade) the severity\b/],
      [0.75, /\b(?:review(?:s|ed)?|investigat\w+|validat\w+)\b/, /\b(?:security reports?|reported|submissions?|validated issues|reports?)\b/],
      [0.6, /\b(?:patch(?:es)?|updates?)\b/, /\bprioriti[sz]ed\b/],
      [0.78, /\bcvss\b/],
    ],
    unless: [[/\b(?:suspected security incidents|incident response|law enforcement|rewards?|bount(?:y|ies)|logs?)\b/, 'incidents are another control'], [/\bwithin (?:\w+ )?(?:\d+|one|two|three|four|five|seven) (?:business |working )?(?:hours?|days?)\b/, 'a promise of time is another control'], [/\btimeframe\b/, 'a promise of time is another control']],
  },
  {
    control: 'patch-sla',
    heading: /\b(?:patch\w*|remediation|vulnerability (?:management|remediation))\b/,
    cues: [
      [0.93, /\b(?:patch(?:es|ed|ing)?|security (?:updates?|fixes)|remediat\w+|hotfix\w*|security patches)\b/, /\b(?:within|timeframe|timely|promptly|regular(?:ly)?|monthly|weekly|daily|hours?|days?|applied|based on|automatic(?:ally)?|latest|as soon as|schedule|unattended|up to date)\b/],
      [0.85, /\b(?:fix(?:ed|es)?|remediat\w+|resolv\w+|mitigat\w+)\b/, VULNERABILITY, DURATION],
      [0.8, /\b(?:critical|high|medium|moderate|low|informational)(?:[ -]severity)?\b\s*:?/, DURATION],
      [0.75, /^(?:critical|high|medium|moderate|low|informational)(?:[ -]severity)?\s*(?::|-|within)/],
      [0.7, /\b(?:updated regularly|kept up to date|latest (?:security )?patches)\b/],
    ],
    unless: [[/\b(?:incidents?|contain|laptops?|respond to (?:your|every)|acknowledge|hears? back|validated issues|reported to us)\b/, 'it is not about patching']],
  },
  {
    control: 'disclosure-channel',
    heading: /\b(?:report(?:ing)?|disclos\w+|contact|security (?:issues?|concerns?))\b/,
    cues: [
      [0.93, ADDRESS, DISCLOSURE, /\b(?:report(?:s|ing)?|vulnerabilit\w+|security|found|find|discover\w*|concern|issue|suspect\w*|incident|sensitive)\b/],
      [0.9, /\b(?:responsible|coordinated) (?:vulnerability )?disclosure\b/],
      [0.85, /\b(?:security|vulnerability) (?:reporting|disclosure) (?:procedure|process|program(?:me)?|policy|channel|form)\b/],
      [0.85, /\b(?:psirt|security|secure|abuse|vuln\w*)@/],
      [0.7, /\b(?:work with|encourag\w+|welcome\w*)\b/, /\b(?:security )?researchers?\b/],
    ],
    unless: [
      [/\b(?:data protection officer|dpo|privacy@|compliance@|customers affected|sales@|support@)\b/, 'the address is for something else'],
      [/\b(?:legal action|law enforcement|third party|cannot bind|safe harbor|in doubt|fear of legal|bounties|bonuses|learn more|white ?paper|phishing)\b/, 'it is about the rules of research, not the address'],
    ],
  },
  {
    control: 'security-txt',
    cues: [[0.96, /\bsecurity\.txt\b/]],
  },
  {
    control: 'disclosure-response-time',
    heading: /\b(?:report|disclos|commitment|response)\w*\b/,
    cues: [
      [0.95, /\b(?:respond|response|reply|acknowledg\w*|answer(?:ed)?|hear back|triage|first response|get back to)\b/, /\b(?:reports?|submissions?|reporters?|you|vulnerabilit\w+|researchers?|security)\b/, DURATION],
    ],
    unless: [[/\b(?:incidents?|breach(?:es)?|tickets?|support|data subject|(?:access|deletion|erasure) requests?|continuity|recovery)\b/, 'it is a promise about something else than reports'], OF_CUSTOMERS],
  },
  {
    control: 'disclosure-confidentiality',
    heading: /\b(?:confidential\w*|report|disclos\w+|safe harbor)\b/,
    cues: [
      [0.94, /\b(?:reports?|reporters?|researchers?|finders?)\b/, /\b(?:confidential\w*|(?:not|never|only|without|limit what we) (?:be )?(?:share[sd]?|disclose[sd]?|reveal\w*|pass(?:ed)? on)|anonym\w+|identity)\b/],
      [0.93, /\b(?:shar(?:e|ed|ing)|disclos\w+|provide)\b/, /\b(?:identifying|non-identifying|your (?:report|identity|name|details|contact)|personal details|substantive)\b/, /\b(?:third part(?:y|ies)|permission|consent|written)\b/],
      [0.85, /\blimit what we share\b/],
    ],
    unless: [[/\b(?:credit(?:ed)?|hall of fame|sub-?processors?|soc ?2|nda|customer data|data processing|non-anonymous)\b/, 'it is not about who reported']],
  },
  {
    control: 'disclosure-progress',
    heading: /\b(?:report|disclos|commitment)\w*\b/,
    cues: [
      [0.94, /\b(?:inform(?:ed|s)?|updat(?:e|es|ed)|notif(?:y|ied)|tell|posted)\b/, /\b(?:progress|status|at each step|each stage|until (?:it|the issue) is (?:closed|fixed|resolved)|steps it intends)\b/, /\b(?:you|reporters?|party|researchers?|finder|submitter)\b/],
      [0.7, /\bkeep (?:you|the (?:reporter|researcher|finder)) (?:informed|updated|posted)\b/],
    ],
    unless: [[/\b(?:incidents?|breach|status page|policy)\b/, 'it is not about a report']],
  },
  {
    control: 'disclosure-credit',
    cues: [
      [0.94, /\b(?:credit(?:ed|s)?|hall of fame|acknowledg(?:e|ed|ment|ments|ement)|thank(?:ed|s)?|recogni[sz](?:e|ed)|named|attribut\w+)\b/, /\b(?:finding|finders?|researchers?|reporters?|you|anonymous|public(?:ly)?|hall of fame)\b/, /\b(?:public\w*|hall of fame|wish|prefer|anonymous|credit\w*|acknowledg\w+|page|advisory|named)\b/],
    ],
    unless: [[/\b(?:credit cards?|acknowledge (?:every|your|all|receipt)|within|security policies|acceptable|thank you|continued use|service credits?|your acknowledgment)\b/, 'it is not about naming the finder']],
  },
  {
    control: 'disclosure-publication',
    cues: [
      [0.92, /\b(?:publish\w*|publici[sz]e\w*|public(?:ly)? (?:disclos\w+|advisor\w+)|advisor(?:y|ies)|changelog|release notes|disclos(?:e|ed) (?:publicly)?)\b/, /\b(?:vulnerabilit\w+|discover\w+|findings?|fix(?:ed|es)?|resol\w+|issues?|security)\b/],
      [0.6, /\b(?:communication|disclosure)s?\b/, /\bcoordinat\w+\b/, VULNERABILITY],
    ],
    unless: [[/\b(?:policy|privacy notice|security\.txt|status|sub-?processors?|research and coordinated disclosure|through our bug bounty|contact us|please|advisory board|do not|supports responsible)\b/, 'it is not about publishing what was resolved']],
  },
  {
    control: 'safe-harbor',
    heading: /\b(?:safe harbou?r|legal|waiver)\b/,
    cues: [
      [0.95, /\bsafe harbou?r\b/],
      [0.95, /\b(?:legal (?:action|steps|consequences|proceedings)|law enforcement|prosecut\w+|civil or criminal|lawsuits?|sue)\b/, /\b(?:not|never|no|without|fear|pursue|take)\b/],
      [0.88, /\bgood[ -]faith\b/, /\b(?:research\w*|violat\w+|authori[sz]ed|determination|security|rules)\b/],
      [0.85, /\b(?:waive|dmca|computer fraud|authori[sz]e[sd]? (?:\S+ )?(?:conduct|security research|testing|out-of-scope))\b/],
      [0.85, /\b(?:cannot|can not|not)\b.{0,30}\b(?:bind|protect you|indemnify|defend)\b/],
      [0.9, /\b(?:defend|indemnify)\b.{0,60}\b(?:third[ -]part\w+|actions?|claims?)\b/],
      [0.6, /\b(?:exemption|these restrictions|those restrictions)\b/, /\b(?:research|bounty|polic(?:y|ies))\b/],
    ],
    unless: [[/\b(?:reports? (?:both )?confidential|non-identifying|identifying information|proprietary information|reviews good-faith|validated issues|privacy|gdpr)\b/, 'it is not about protection from the law']],
  },
  {
    control: 'bounty-stated',
    heading: /\b(?:bount(?:y|ies)|rewards?)\b/,
    cues: [
      [0.95, /\b(?:bug[ -])?bount(?:y|ies)\b/, /\b(?:have|has|offer\w*|pay\w*|run\w*|program(?:me)? (?:is|on|at|through|via|with)|reward\w*|no|not|financial|operate\w*|participat\w*|hackerone|bugcrowd)\b/],
      [0.9, /\b(?:rewards?|bounties|payouts?|swag|bonus(?:es)?)\b/, /\b(?:findings?|vulnerabilit\w+|reports?|researchers?|bugs?|\$\d)\b/],
    ],
    unless: [[/\b(?:safe harbou?r|legal|third[ -]part(?:y|ies)|bounds of our policy|waive|scope|bug bounty policy|our bug bounty program which|coordinate disclosure|as part of the bug bounty|pursuant)\b/, 'the programme is named for its rules']],
  },
]
