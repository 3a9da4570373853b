/**
 * How a control comes to be known.
 * - `A` automatic: a machine can observe it on a real system
 * - `D` derived: it follows from what this system itself records (clocks kept, grants revoked, restores done)
 * - `H` human: a named person attests it, until a stated date
 */
export type Automation = 'A' | 'D' | 'H'

/**
 * The control catalogue, version 1: a control is the thing that makes a published claim true.
 * The order of families and of rows is the order of presentation.
 *
 * INVARIANT: ids are stable for ever. Policies, bindings and evidence name them, and a binding is in the public log.
 * Titles may be reworded while their meaning stays.
 */
export const CATALOGUE = {
  governance: {
    'program-documented': ['D', 'The security programme is written down, has an owner, and is reviewed at least yearly'],
    'policy-versioned': ['D', 'Each change of a published policy gets a version and a date, and subscribers are told of it'],
    'risk-assessed': ['D', 'Risks are written down, scored, given an owner, and looked at again on a cadence'],
    'certification-stated': ['D', 'Each certification is stated exactly: held, lapsed or not held, with its kind, auditor and period'],
    'independent-audit': ['H', 'An auditor independent of the company examined the controls over the stated period'],
    'internal-audit': ['D', 'The company audits its own controls on a cadence'],
    'penetration-test': ['H', 'A third party tested the product within the last twelve months, and its findings are closed'],
    'product-stage-stated': ['D', 'The stage of the product (preview, beta, general) is stated, and which data it is fit for'],
  },
  hosting: {
    'hosting-stated': ['D', 'Every provider, platform and region that holds customer data is listed'],
    'hosting-region': ['A', 'Each store of data stands in the place the page names'],
    'provider-compliance': ['D', 'The attestations of the hosting providers are on file and in date'],
    'physical-security-inherited': ['D', 'Physical security rests with the hosting provider, and the split of duties is stated'],
    'shared-responsibility': ['D', 'Duty by duty, it is stated who is responsible'],
    'network-isolation': ['A', 'The instance of a customer runs in a network of its own, on dedicated infrastructure'],
    'tenant-isolation': ['A', 'No customer can read or write the data of another'],
    'network-protection': ['A', 'Traffic is filtered by firewall, by DDoS protection and by a web application firewall'],
    'secure-defaults': ['A', 'The product arrives safely configured, and warns when it no longer is'],
    'configuration-managed': ['A', 'Systems are configured from code or by a tool, and drift from it is noticed'],
  },
  encryption: {
    'encryption-in-transit': ['A', 'Traffic between users and the service is encrypted with a current version of TLS'],
    'encryption-internal': ['A', 'Traffic between the parts of the service is encrypted as well'],
    'encryption-at-rest': ['A', 'Data is encrypted where it is stored'],
    'encryption-backups': ['A', 'Backups are encrypted'],
    'key-management': ['A', 'Keys live in a key service, are rotated, and every use of them is logged'],
    'secrets-managed': ['A', 'No credential is in code; a secret store holds them and they are rotated'],
    'password-hashing': ['A', 'A password is kept only as a salted hash that is slow to compute'],
  },
  payments: {
    'payment-processor': ['D', 'A processor that complies with PCI DSS handles card payments'],
    'no-card-storage': ['A', 'Our systems keep no full card number'],
  },
  'workforce access': {
    'access-least-privilege': ['A', 'People hold no more access than their role needs'],
    'access-role-based': ['D', 'Access follows roles and is granted with an approval'],
    'access-production-limited': ['A', 'Only named people reach production, for a stated need and a stated time'],
    'access-logged': ['A', 'Access to production leaves a log that somebody or something watches'],
    'access-removed': ['A', 'Access that is no longer needed is taken away, and seen to be gone'],
    'access-reviewed': ['D', 'Access is reviewed on a cadence; what the review does not keep is revoked'],
    'workforce-mfa': ['A', 'Colleagues sign in with a second factor or through single sign-on'],
  },
  people: {
    'background-check': ['D', 'A background check is cleared before access is given'],
    'confidentiality-agreement': ['D', 'A confidentiality agreement is signed before access is given'],
    'policy-acknowledged': ['D', 'Colleagues acknowledge the security policies and acceptable use, and do so again after each change'],
    'security-training': ['D', 'Colleagues take security training on a cadence'],
    'onboarding-complete': ['D', 'Restricted access waits until each required step of joining is done'],
    'offboarding-complete': ['D', 'When somebody leaves, all their access ends within the stated time'],
    'assets-returned': ['D', 'Devices, keys and badges come back or are wiped'],
    'endpoint-security': ['A', 'The devices of the workforce are encrypted, patched and lock themselves'],
  },
  development: {
    'code-reviewed': ['A', 'Somebody other than the author reviewed each change that reached production'],
    'environments-separated': ['A', 'Development and test are kept apart from production'],
    'version-controlled': ['A', 'The code that runs in production is under version control'],
    'deployment-restricted': ['A', 'Only authorised people and pipelines can deploy'],
    'change-tested': ['A', 'A change is tested before it is released'],
    'secure-development': ['H', 'Design and development include security: training, static analysis, scanning for secrets'],
  },
  vulnerabilities: {
    'dependency-scan': ['A', 'Dependencies are compared with known vulnerabilities'],
    'malicious-dependency': ['A', 'Dependencies are examined for signs of malice'],
    'ci-gate': ['A', 'A build that contains an affected dependency does not pass'],
    'daily-scan': ['A', 'What is deployed is scanned at least once a day'],
    'infrastructure-scan': ['A', 'Hosts, images and networks are scanned for weaknesses'],
    'vulnerability-triage': ['D', 'Each finding is rated by severity, exploitability, exposure and impact'],
    'patch-sla': ['D', 'Patches are applied within the time stated for their severity'],
  },
  disclosure: {
    'disclosure-channel': ['A', 'A watched address takes reports, and a protected one takes sensitive matter'],
    'security-txt': ['A', '/.well-known/security.txt is valid, signed and in date'],
    'disclosure-response-time': ['D', 'A report is answered in the stated time with an evaluation and the date a solution is expected'],
    'disclosure-confidentiality': ['D', 'Who reported is not passed on without their permission'],
    'disclosure-progress': ['D', 'A finder who can be reached is kept informed'],
    'disclosure-credit': ['D', 'When the matter is resolved the finder is credited, unless they prefer otherwise'],
    'disclosure-publication': ['D', 'Resolved findings are made public'],
    'safe-harbor': ['D', 'Research in good faith and within the rules is not met with legal action'],
    'bounty-stated': ['D', 'The page states whether bounties are paid'],
  },
  monitoring: {
    'audit-log-captured': ['A', 'Every component delivers its audit and security logs'],
    'audit-log-monitored': ['A', 'Logs are analysed as they come in, and alerts are dealt with'],
    'audit-log-archived': ['A', 'Logs are kept for the stated time, unaltered and searchable'],
    'system-monitored': ['A', 'Availability, jobs and errors are watched, and a person is woken'],
    'intrusion-detection': ['A', 'Malware and intrusion are detected on servers and endpoints'],
    'email-authentication': ['A', 'SPF, DKIM and DMARC protect mail sent in the name of the company'],
  },
  'backup and resilience': {
    'backup-daily': ['A', 'Production systems and their data are backed up once a day or more often'],
    'backup-access': ['A', 'Access to backups is controlled'],
    'backup-restore-tested': ['A', 'On a cadence, backups are restored and what comes back is checked'],
    'availability-slo': ['A', 'Availability reaches the stated figure over the stated window'],
    'self-healing': ['A', 'A component that fails is found and replaced with nobody at hand'],
    'multi-zone': ['A', 'The service goes on when a zone is lost'],
    redundancy: ['A', 'Data is replicated, and the loss of any one component leaves the service running'],
    'zero-downtime-upgrade': ['A', 'No request is cut off by an upgrade'],
    'business-continuity': ['D', 'There is a plan for continuity and recovery, and it is rehearsed'],
    'status-page': ['A', 'Anyone can see whether the service is up, and when it was not'],
  },
  incidents: {
    'incident-response': ['D', 'A suspected incident is recorded, assessed, contained and put right by a plan'],
    'incident-notification': ['D', 'Customers affected are told without undue delay, inside the stated or the legal time'],
    'incident-review': ['D', 'Every incident is looked back on, and the actions that follow are tracked until done'],
  },
  vendors: {
    'subprocessors-listed': ['A', 'The public list names every subprocessor of personal data'],
    'subprocessor-agreements': ['D', 'A data-processing agreement binds each subprocessor'],
    'subprocessor-notice': ['D', 'Customers hear of a new subprocessor before it begins'],
    'vendor-review': ['D', 'The security of vendors is reviewed as often as their risk calls for'],
  },
  privacy: {
    'privacy-policy': ['D', 'A current privacy policy is published'],
    'privacy-law': ['D', 'The privacy laws the page names (GDPR, CCPA …) are met, and their duties tracked'],
    'dpo-contact': ['D', 'Questions about data protection reach a contact'],
    'data-subject-requests': ['D', 'Requests to see, correct, move or erase data are met within the legal time'],
    'data-retention': ['A', 'Data is erased once the stated time of keeping is over'],
    'breach-notification': ['D', 'The authority hears of a personal-data breach within 72 hours'],
    'dpa-available': ['D', 'Customers can have a data-processing agreement'],
    'data-minimised': ['D', 'Only data that is needed is collected and stored, and what is collected is stated'],
    'purpose-limited': ['D', 'Personal data is never sold, and is used for its stated purpose alone'],
    'data-ownership': ['D', 'Customers own their data and can leave with it'],
    'data-confidential': ['D', 'The data of customers is confidential; staff look only when there is need and permission'],
    'international-transfer': ['D', 'Each transfer across borders rests on a stated legal instrument'],
    'sector-law': ['H', 'The laws of the sector that the page names (HIPAA, COPPA, FERPA …) are met'],
  },
  "customers' own controls": {
    'customer-rbac': ['A', 'Customers manage their own users, roles and permissions'],
    'customer-fine-grained': ['A', 'Permissions can be set down to a type of record and a single field'],
    'customer-sso': ['A', 'Customers can demand single sign-on, and provision through it'],
    'customer-mfa': ['A', 'Customers can demand a second factor'],
    'customer-sign-in': ['A', 'Each way to sign in is stated, and works the way it is stated'],
    'customer-api-tokens': ['A', 'Customers manage integrations and API tokens that have a scope and an end'],
    'customer-audit-log': ['A', 'Customers can read and export the audit log of their account'],
    'customer-ip-restriction': ['A', 'Customers can limit access to networks they name'],
  },
  transparency: {
    'whitepaper-available': ['D', 'Whoever asks can have a detailed paper on security'],
    'documents-on-request': ['D', 'Reports and certificates can be asked for, under an agreement where one is needed'],
  },
} as const satisfies Record<string, Record<string, readonly [Automation, string]>>
