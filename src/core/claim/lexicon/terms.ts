import type { ControlId } from '#core/control'

/**
 * Words that lean towards a control without naming it. One of them alone binds nothing; two or three together, or
 * one under a heading that speaks of the control, do. `*` stands for any ending, `|` parts the words.
 */
const TERMS: Partial<Record<ControlId, string>> = {
  'program-documented': 'security program*|security team|security experts|security polic*|security procedures|set of policies|policies|governance|designated personnel|responsibilit* are assigned|oversight|security leadership|framework*|best practices|procedures|review*|security organi*|handbook|nist|documented|information-security',
  'policy-versioned': 'this policy|these terms|revised|effective date|previous version*|notify you of changes|changes to this|last updated',
  'risk-assessed': 'risk*|threats|register|mitigat*|likelihood|risk owner*|risk appetite|assess*',
  'certification-stated': 'certif*|complian*|soc 2|soc2|iso 27001|attest*|audit report|accredit*|recertif*|trust services',
  'independent-audit': 'audit*|auditor*|independent*|third-party|third party|3rd party|3rd-party|external*|attest*|examin*|assess*|accounting firm|cpa',
  'internal-audit': 'internal audit*|self-assess*|compliance team|control testing|internally audit*',
  'penetration-test': 'pentest*|penetration|security firm*|red team*|third-party security|security assessment*|external security|security consult*',
  'product-stage-stated': 'preview|beta|experimental|early access|production workloads|general availability|not recommended',
  'hosting-stated': 'hosted|hosting|in the cloud|cloud provider*|cloud vendors|aws|amazon web service*|google cloud|azure|data center*|physical servers|runs on|run on|built on|provider*|managed by',
  'hosting-region': 'region*|located|location*|residency|stored in|resid*|eu|europe*|united states|country|countries|geographic*|jurisdiction|data centers',
  'provider-compliance': 'aws|amazon|azure|google|data center*|facility|facilities|provider*|certif*|complian*|accredit*|soc 1|iso 27001|pci|tier iv|tier iii|attest*',
  'physical-security-inherited': 'physical*|data center*|data centre*|facility|facilities|guard*|cctv|visitors|escort*|perimeter|badge*|surveillance|building|floors|locks|biometric*|nondescript|cages|hvac|environmental|entry|identification|premises|monitoring',
  'shared-responsibility': 'responsib*|you are|platform provider|shared|obligation of|accountable|duties|application provider',
  'network-isolation': 'vpc*|virtual private cloud|private network*|isolated|own network|subnet*|single-tenant|separate network|per-customer|dedicated infrastructure|dedicated instance*|dedicated cluster*',
  'tenant-isolation': 'tenant*|segregat*|separat*|isolat*|segmented|cross-customer|multi-tenan*|logical*|other customers|sandbox*|virtual machine*|container*|another customer',
  'network-protection': 'network*|firewall*|waf|ddos|ports|protocols|security groups|bastion|vpn|acl*|rate limit*|zones|segment*|perimeter|inbound|outbound|allowlist|edge|public ip|intrusion prevention|denied|load balancer*|traffic',
  'secure-defaults': 'by default|default settings|secure default*|opt in|opt-in|out of the box',
  'configuration-managed': 'configuration*|infrastructure as code|terraform|ansible|baseline*|harden*|drift|images|cis benchmark*|automated provisioning|immutable infrastructure|misconfigur*',
  'encryption-in-transit': 'tls*|https|ssl|in transit|transmi*|transport|hsts|over the internet|encrypt*|cipher*|certificate*|forward secrecy',
  'encryption-internal': 'internal traffic|between services|mtls|mutual tls|service mesh|encrypt*|internally|inter-node|node-to-node|private network*|ipsec',
  'encryption-at-rest': 'at rest|encrypt*|aes*|disk*|volume*|databases|storage|s3|tde|file system*',
  'encryption-backups': 'backup*|snapshot*|encrypt*',
  'key-management': 'key*|kms|hsm*|rotat*|cryptograph*|byok|key vault|managed keys|key store',
  'secrets-managed': 'secret*|credential*|vault|rotat*|hard-coded|environment variables|api keys|source code',
  'password-hashing': 'password*|hash*|salt*|bcrypt|one-way|plaintext|plain text',
  'payment-processor': 'payment*|card*|stripe|paypal|billing|pci*|processor*|credit card*',
  'no-card-storage': 'card*|payment information|never stored|not stored|do not store|billing details',
  'access-least-privilege': 'least privilege*|need-to-know|need to know|minimum|only the access|required for|job*|limited to what|business need*|default-deny|privileg*',
  'access-role-based': 'role*|role-based|rbac|approv*|provision*|job function*|access request*|permission*|granted|manager',
  'access-production-limited': 'production|authorized|restrict*|small number|engineers|on-call|just-in-time|customer data|bastion',
  'access-logged': 'logged|audited|recorded|access*|sessions|administrative access|remote|privileged|production|staff',
  'access-removed': 'revok*|remov*|no longer|deprovision*|role change*|promptly|inactive',
  'access-reviewed': 'access review*|review*|periodic*|quarterly|recertif*|entitlement*|access right*|user access|permissions',
  'workforce-mfa': 'mfa|2fa|two-factor|multi-factor|sso|single sign*|employees|staff|internal tools|internal systems|company accounts|security keys|hardware keys|identity provider|password manager|corporate|team members|internal applications',
  'background-check': 'background*|screen*|vetting|criminal|references|hiring|pre-employment|new hires',
  'confidentiality-agreement': 'confidentiality|non-disclosure|nda*|sign*|employees|contractors|agreement*|employment',
  'policy-acknowledged': 'acknowledg*|acceptable use|code of conduct|employees|sign*|agree to|handbook|required to read',
  'security-training': 'train*|awareness|phishing|employees|onboarding|education|security-aware|courses',
  'onboarding-complete': 'onboard*|new employees|new hires|first day|checklist|before access|before receiving|orientation',
  'offboarding-complete': 'offboard*|terminat*|leav*|depart*|revok*|employees|last day|deactivat*',
  'assets-returned': 'return*|devices|laptops|badge*|equipment|hand back|company property|departing',
  'endpoint-security': 'laptop*|workstation*|device*|endpoint*|mdm|disk encryption|screen lock*|antivirus|mobile device*|device management|remote wipe|filevault|bitlocker|managed devices|computers',
  'code-reviewed': 'code review*|peer review*|pull request*|reviewed|second engineer|approval|merge*|code changes|another engineer|before merging',
  'environments-separated': 'staging|test*|development|production|separate*|segregat*|environments|isolated|non-production|sandbox',
  'version-controlled': 'git|github|gitlab|version control*|source control*|repositor*|history of changes|commits|source code',
  'deployment-restricted': 'deploy*|release*|authorized|ci/cd|pipeline*|permission*|production|change management|rolled back',
  'change-tested': 'test*|qa|quality assurance|automated tests|regression|before release|unit tests|staging|integration tests|releases',
  'secure-development': 'sdlc|secure coding|owasp|static analysis|code analysis|threat model*|security by design|design|developers|secure development|security review*|development process|sast|dast|fuzz*|linters|memory-safe|attack surface|software development|secure software',
  'dependency-scan': 'dependenc*|librar*|package*|open source|open-source|third-party components|snyk|dependabot|scan*|vulnerab*|sbom|known vulnerabilit*|outdated',
  'malicious-dependency': 'malicious|malware|typosquat*|supply chain|package*|dependenc*',
  'ci-gate': 'build*|ci|pipeline|fail*|block*|merge|pull request*|vulnerab*|prevent*',
  'daily-scan': 'daily|every day|nightly|continuous*|scan*|check*|vulnerab*',
  'infrastructure-scan': 'scan*|vulnerability scan*|container*|hosts|servers|network*|images|infrastructure|external|quarterly|weekly|nessus|inspector|internal and external|periodic*',
  'vulnerability-triage': 'triag*|severity|cvss|prioriti*|exploitab*|impact|rank*|classif*|vulnerabilit*|findings|validated|verify reports|assess*',
  'patch-sla': 'patch*|updates|security updates|remediat*|timeframe|critical|up to date|upgrade*|apply*|applied|fixes|latest',
  'disclosure-channel': 'report*|vulnerabilit*|security@*|responsible disclosure|contact|email|bug*|security issue*|researcher*|pgp|hackerone|bugcrowd|disclos*|reach out',
  'security-txt': 'security.txt|.well-known',
  'disclosure-response-time': 'respond*|acknowledg*|report*|business days|triage|reply|researcher*|working days',
  'disclosure-confidentiality': 'confidential*|reporter*|researcher*|your name|identity|permission|anonym*|identifying|personal details|without your consent',
  'disclosure-progress': 'progress|updat*|inform*|keep you|status of your|notified|report*|throughout|resolved',
  'disclosure-credit': 'credit*|hall of fame|acknowledg*|recogni*|thank*|publicly|researcher*|attribution|reporter*',
  'disclosure-publication': 'publish*|advisor*|public disclosure|disclos*|cve*|publicly|after the fix|release notes|coordinat*|resolved',
  'safe-harbor': 'legal action|good faith|safe harbor|safe harbour|law enforcement|researcher*|prosecut*|lawsuit*|pursue|legal|waive',
  'bounty-stated': 'bount*|reward*|monetary|payout*|hackerone|bugcrowd|paid|swag|compensat*|bug bounty program',
  'audit-log-captured': 'log*|logged|audit trail*|audit log*|events|captur*|record*|centraliz*|centralis*|collect*|authentication failures|security-relevant|security events',
  'audit-log-monitored': 'log*|monitor*|siem|alert*|analy*|anomal*|real time|real-time|suspicious|security monitoring|abnormal|threats|24/7|security events|detect*',
  'audit-log-archived': 'logs|retain*|archiv*|retention|immutable|tamper*|stored for',
  'system-monitored': 'monitor*|uptime|availability|performance|on call|on-call|alert*|health|24/7|metrics|observability|paged|errors|outage*',
  'intrusion-detection': 'threat-detection|unauthorized behavior|unauthorized activity|intrusion*|ids|malware|antivirus|anti-virus|edr|threat detection|guardduty|anomal*|detect*|endpoint detection|host-based|breaches|suspicious|threats',
  'email-authentication': 'spf|dkim|dmarc|spoof*|email authentication',
  'backup-daily': 'backup*|back up|backed up|daily|snapshot*|regular|nightly|point-in-time|retention|hourly|automated|databases',
  'backup-access': 'backup*|restrict*',
  'backup-restore-tested': 'restor*|backup*|test*|recover*|verif*|drill*|periodic*',
  'availability-slo': 'uptime|availability|sla|99.9*|service level|guarantee*|monthly|service credits|historical uptime',
  'self-healing': 'self-healing|automatic*|recover*|failover|replaced|fault-tolerant|restart*|failure*|auto-scal*|fault toleran*|resilien*',
  'multi-zone': 'availability zone*|zones|multi-az|multiple data centers|regions|multiple zones|data centres|geographically|locations',
  redundancy: 'redundan*|replicat*|replica*|failover|standby|high availability|highly available|load balanc*|single point*|multiple copies|disks|durab*|cluster*|mirror*|points of failure',
  'zero-downtime-upgrade': 'downtime|rolling|upgrades|blue-green|maintenance|without interruption',
  'business-continuity': 'continuity|disaster recovery|recovery|rto|rpo|disaster|contingency|plan|drill*|exercise*|tabletop',
  'status-page': 'status page|status.*|uptime|incident history|current status|real-time status|availability',
  'incident-response': 'incident*|response|plan|investigat*|contain*|escalat*|playbook*|security incident*|respond|breach*|remediat*|on-call|forensic*|eradicat*|procedure*',
  'incident-notification': 'notif*|inform*|incident*|breach*|affected|without undue delay|promptly|reported within|alert you|security incidents|communicat*',
  'incident-review': 'post-mortem*|postmortem*|root cause|lessons learned|retrospective*|post-incident|review*|follow-up',
  'subprocessors-listed': 'subprocessor*|sub-processor*|list of|third parties|vendors|published|current list',
  'subprocessor-agreements': 'subprocessor*|sub-processor*|dpa|contract*|agreement*|bound|obligations|vendors|written agreement|contractual',
  'subprocessor-notice': 'subprocessor*|sub-processor*|notice|notify|advance|object',
  'vendor-review': 'vendor*|supplier*|third parties|third-party|due diligence|assess*|review*|evaluat*|onboarding',
  'privacy-policy': 'privacy policy|privacy notice|privacy statement|privacy',
  'privacy-law': 'gdpr|ccpa|cpra|privacy law*|data protection|comply|complian*|regulation*|privacy|personal data|controller|processor|lgpd|pipeda',
  'dpo-contact': 'data protection officer|dpo*|privacy@*|privacy team|data protection|privacy officer',
  'data-subject-requests': 'erasure|data subject*|rectif*|right to|your rights|portability|deletion request*|access request*|privacy request*|delete your|correct your|gdpr',
  'data-retention': 'retain*|retention|delet*|purg*|termination|closure|eras*|destroy*|dispos*|wiped|account data|cancel*|customer data|end of the contract',
  'breach-notification': 'supervisory|authorit*|72 hours|regulator*|breach*|notify',
  'dpa-available': 'dpa|data processing*|data protection addendum|agreement|sign*|addendum',
  'data-minimised': 'minimi*|only collect*|necessary|not collect*|limited to|anonymi*|do not include|diagnostics|no more than|pseudonym*|redact*|what we need',
  'purpose-limited': 'sell*|sold|advertis*|third parties|purpose*|train*|models|solely|not use|rent*|share your data|marketing',
  'data-ownership': 'own*|your data|export*|portab*|belongs|ownership|take your data|customer data|rights to',
  'data-confidential': 'confidential*|permission|customer data|your data|support|access your|view*|consent|privacy of|decrypted|strict access',
  'international-transfer': 'transfer*|scc*|standard contractual|outside the|eea|cross-border|international*|adequacy|data privacy framework|dpf',
  'sector-law': 'hipaa|baa|ferpa|coppa|phi|glba|finra|healthcare|health information|hitech|education records|sarbanes-oxley',
  'customer-rbac': 'role*|permission*|rbac|role-based|admin*|workspace|teams|access control*|members|invite*|owners',
  'customer-fine-grained': 'granular|fine-grained|field*|record*|row-level|permission*|specific parts|per-resource|column*',
  'customer-sso': 'sso|single sign*|saml|scim|okta|azure ad|oidc|provisioning|identity provider|enterprise|directory sync',
  'customer-mfa': 'mfa|2fa|two-factor|multi-factor|totp|authenticator*|passkeys|enforce|your account',
  'customer-sign-in': 'sign in|log in|login|password requirement*|password*|characters|session*|timeout|inactivity|oauth|magic link*|google|lockout|brute force|complexity',
  'customer-api-tokens': 'api token*|api key*|token*|oauth|integrations|scoped|revok*|webhook*|expir*|personal access',
  'customer-audit-log': 'audit log*|activity log*|export*|admins|account activity|workspace|view|event history|audit trail*',
  'customer-ip-restriction': 'ip allow*|ip address*|ip whitelist*|allowlist*|whitelist*|restrict*|private link|ip ranges|network restrictions',
  'whitepaper-available': 'whitepaper*|white paper*|security overview|download|security guide',
  'documents-on-request': 'request*|nda|report*|trust center|trust portal|available upon|on request|executive summary|questionnaire*|certificates|contact us',
}

/** What one leaning word adds; a third adds little more. */
export const TERM_WEIGHT = 0.36
const MOST_TERMS = 3

export interface Leaning {
  control: ControlId
  pattern: RegExp
}

const escape = (phrase: string): string => phrase.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&').replaceAll('\\*', "[\\w'-]*")

export const LEANINGS: readonly Leaning[] = Object.entries(TERMS).map(([control, phrases]) => ({
  control: control as ControlId,
  pattern: new RegExp(`(?<![\\w-])(?:${[...new Set(phrases.split('|'))].toSorted((a, b) => b.length - a.length).map(escape).join('|')})(?![\\w-])`, 'g'),
}))

/** Distinct leaning words of a control in a folded sentence, at most three. */
export function leaningWords(pattern: RegExp, text: string): string[] {
  const words: string[] = []
  pattern.lastIndex = 0
  for (const match of text.matchAll(pattern)) {
    // "encrypted" and "encryption" are one word said twice.
    if (words.some((word) => word.slice(0, 5) === match[0].slice(0, 5))) continue
    words.push(match[0])
    if (words.length === MOST_TERMS) break
  }
  return words
}
