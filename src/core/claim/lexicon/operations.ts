import type { Entry } from './entry.ts'
import { BACKUP, DAILY, INCIDENT, LOGS, NIGHT_AND_DAY, NOTIFY } from './words.ts'

const STANDBY = /\b(?:failover|fail-over|stand-?by|replicas?|read replicas?|hot[ -]spare|mirrored?)\b/
const CUSTOMERS_LOG = [/\b(?:customers?|owners?|admins?|administrators?|you|users?|enterprise|organi[sz]ations?) (?:can|may|are able|have)\b|\b(?:export\w*\b.{0,30}\blogs?|logs?\b.{0,40}\b(?:export\w*|download\w*)|available to|your (?:account|organi[sz]ation|workspace)'?s?)\b|\baudit logs? (?:is|are) available\b/, "it is the customer's own log"] as const

export const OPERATIONS: readonly Entry[] = [
  {
    control: 'audit-log-captured',
    heading: /\b(?:logging|traceability|audit logs?|monitoring)\b/,
    cues: [
      [0.92, /\b(?:captur\w+|collect\w*|record(?:s|ed)?|written|centrali[sz]\w+|aggregat\w+|ship(?:ped)?|store[sd]?|keeps?|generate[sd]?|logs|maintain\w*)\b/, /\b(?:audit|security|system|access|application|event|activity|transparency|tamper-evident) (?:and (?:security|audit|access|system) )?(?:logs?|events|trails?)\b/],
      [0.88, /\b(?:central(?:i[sz]ed)?|log(?:ging)?)\b/, /\b(?:logging (?:and metrics )?(?:cluster|platform|system|service|infrastructure|pipeline)|log (?:store|management|aggregation|server)|logs? (?:are|is) (?:sent|shipped|collected|forwarded))\b/],
      [0.7, /\blog(?:s|ged|ging)?\b/, /\b(?:all (?:systems|components|actions|activity|requests|services)|every (?:request|action|system|component))\b/],
    ],
    unless: [CUSTOMERS_LOG, [/\b(?:retained|retention|archived|kept for|production access|steps to reproduce)\b/, 'it is about keeping logs, or about access']],
  },
  {
    control: 'audit-log-monitored',
    heading: /\b(?:monitoring|traceability|detection)\b/,
    cues: [
      [0.93, LOGS, /\b(?:monitor(?:s|ed|ing)?|analy[sz]\w+|alert(?:s|ed|ing)?|review(?:s|ed)?|correlat\w+|inspected|anomal\w+)\b/],
      [0.92, /\b(?:siem|security operations cent(?:er|re)|soc team|log analysis|security monitoring)\b/],
      [0.6, /\b(?:suspicious|anomalous|unusual) (?:activity|behaviou?r|logins?)\b/],
    ],
    unless: [CUSTOMERS_LOG, [/\b(?:production access|remote management|regularly audit access|access to (?:production|internal)|every command|vendors?|policy and audit)\b/, 'it is about access, not about the logs']],
  },
  {
    control: 'audit-log-archived',
    heading: /\b(?:logging|retention)\b/,
    cues: [
      [0.95, /\blogs?\b/, /\b(?:retain\w*|retention|archiv\w+|kept|stored|preserved|tamper\S*|immutable|append-only)\b/, /\b(?:\d+|one|two|three|six|twelve|thirty|ninety|year|years|months?|days|later|archiv\w+|immutable|tamper\S*|long-term|retention|retained)\b/],
      [0.6, /\barchived for later\b/],
    ],
    unless: [CUSTOMERS_LOG, [/\bback-?ups?\b/, 'it is about backups']],
  },
  {
    control: 'system-monitored',
    heading: /\bmonitor\w*\b/,
    cues: [
      [0.92, /\b(?:uptime|availability|performance|error rates?|health|services?|systems?|infrastructure|jobs|latency|capacity)\b/, /\b(?:monitor(?:s|ed|ing)?|observab\w+|watched|health checks?)\b/, /\b(?:24\/7\S*|24x7|around the clock|round-the-clock|continuous\w*|alert\w*|paged?|on-?call|automat\w+|constantly|pagerduty|uptime|availability|performance|error)\b/],
      [0.85, /\b(?:on-?call|pagerduty|opsgenie|prometheus|datadog|grafana)\b/],
      [0.5, NIGHT_AND_DAY, /\bmonitor\w*\b/],
    ],
    unless: [[/\b(?:logs?|siem|surveillance|data ?cent\w+|intrusion|self-monitoring|vulnerabilit\w+|physical)\b/, 'another kind of monitoring']],
  },
  {
    control: 'intrusion-detection',
    heading: /\b(?:intrusion|malware|threat detection|endpoint)\b/,
    cues: [
      [0.95, /\b(?:ids|ips|intrusion[ -](?:detection|prevention)|edr|xdr|endpoint detection|anti-?virus|anti-?malware|malware (?:protection|scanning|detection)|host-based|threat detection|guardduty|crowdstrike|sentinelone|file integrity monitoring|virus scann\w+)\b/],
      [0.6, /\b(?:malware|virus(?:es)?|intrusions?)\b/, /\b(?:scan\w*|detect\w*|block\w*|monitor\w*)\b/],
    ],
    unless: [[/\b(?:dependenc\w+|packages|librar\w+|typosquat\w*|laptops?)\b/, 'malice in dependencies, or on laptops, is another control']],
  },
  {
    control: 'email-authentication',
    cues: [[0.96, /\b(?:spf|dkim|dmarc|bimi|mta-sts)\b/]],
  },
  {
    control: 'backup-daily',
    heading: /\b(?:back-?ups?|recovery|resilien\w+)\b/,
    cues: [
      [0.94, BACKUP, DAILY],
      [0.55, BACKUP, /\b(?:automat\w+|regular(?:ly)?|routine(?:ly)?|performed|taken|take|made)\b/],
    ],
    unless: [
      [/\b(?:weekly|monthly|quarterly|every (?:week|month|quarter)|each (?:week|month|quarter))\b/, 'a backup made less often than each day is no daily one'],
      [/\b(?:restor\w+|rehears\w+|drills?|test(?:s|ed|ing)?) (?:\S+ ){0,3}?(?:from )?back-?ups?|\bback-?ups? (?:\S+ ){0,4}?(?:tested|restored|rehearsed|verified)\b/, 'it is about restoring'],
    ],
  },
  {
    control: 'backup-access',
    heading: /\bback-?ups?\b/,
    cues: [
      [0.9, BACKUP, /\b(?:access(?:ed)?|access controls?|reach|restricted|limited|only)\b/, /\b(?:access controls?|restrict\w*|limited to|only|authori[sz]ed|reach|protected)\b/],
    ],
    unless: [[/\b(?:virtual private|multi-availability|only (?:stored|kept)|restor\w+)\b/, 'it is not about who reaches backups']],
  },
  {
    control: 'backup-restore-tested',
    heading: /\b(?:back-?ups?|recovery)\b/,
    cues: [
      [0.96, /\b(?:restor\w+|recover(?:y|ed|s)?|back-?ups?)\b/, /\b(?:test(?:s|ed|ing)?|drills?|rehears\w+|verif\w+|exercis\w+|validat\w+|practi[sc]ed)\b/, /\b(?:restor\w+|back-?ups?)\b/],
    ],
    unless: [[/\b(?:disaster recovery plan|business continuity|continuity plan)\b/, 'a plan that is exercised is another control']],
  },
  {
    control: 'availability-slo',
    heading: /\b(?:availab\w+|uptime|sla|service level)\b/,
    cues: [
      [0.95, /\b(?:9\d(?:\.\d+)? ?%|four nines|five nines|three nines)/, /\b(?:uptime|availab\w+|sla|service|guarantee\w*|commit\w*)\b/],
      [0.88, /\b(?:uptime|availability|service[ -]level)\b/, /\b(?:guarantee[sd]?|sla|commitment|agreement|commit|target|objective|credits?)\b/],
    ],
    unless: [[/\b(?:zero[ -]downtime|status)\b(?!.*%)|\bprocessing integrity\b/, 'it names no figure of availability']],
  },
  {
    control: 'self-healing',
    heading: /\b(?:resilien\w+|reliab\w+|availab\w+|redundan\w+)\b/,
    cues: [
      [0.95, /\bself-?healing\b/],
      [0.9, /\b(?:heal(?:s|ed)?|replac(?:e|ed|es)|recover(?:s|ed)?|restart(?:s|ed)?|reschedul\w+|fail(?:s)? over)\b/, /\bautomatic(?:ally)?\b|\bwithout (?:human|manual|a person)\b/],
      [0.85, /\b(?:stay up|keep running|continue to (?:run|operate|work)|survives?|tolerat\w+)\b/, /\b(?:servers? fail|fails?|failures?|loss|outage)\b/],
      [0.5, /\bfault[ -]toleran\w+\b/],
    ],
    unless: [[/\b(?:zones?|regions?)\b.{0,40}\b(?:loss|fail\w*|outage)|(?:loss|failure|outage) of (?:a|one|an entire) (?:zone|availability|region)/, 'the loss of a zone is another control']],
  },
  {
    control: 'multi-zone',
    cues: [
      [0.94, /\b(?:multi-?(?:az|zone|availability zone|region)|(?:multiple|several|three|two|different|separate) (?:physically separate )?(?:availability )?(?:zones|data ?cent(?:er|re)s|azs)|availability zones?|across (?:availability )?zones)\b/],
      [0.8, /\bmulti-availability\b/],
      [0.6, /\b(?:stored|replicated|kept) in multiple (?:locations|facilities|places|sites)\b/],
    ],
  },
  {
    control: 'redundancy',
    heading: /\bredundan\w+\b/,
    cues: [
      [0.93, /\b(?:redundan(?:t|cy|tly)|no single point of failure|(?:single )?points? of failure|n\+1)\b/],
      [0.9, /\b(?:replicat(?:ed?|es|ion)|replicas?)\b/],
      [0.86, STANDBY],
      [0.6, /\b(?:high(?:ly)?[ -]availab\w+|load[ -]balanc\w+|clustered)\b/],
      [0.55, /\b(?:multiple disks|durable storage)\b/],
    ],
    unless: [[/\b(?:high service availability|replicated? the (?:issue|problem|bug))\b/, 'another meaning']],
  },
  {
    control: 'zero-downtime-upgrade',
    cues: [
      [0.95, /\b(?:zero[ -]downtime|without (?:any )?(?:downtime|interruption)|no downtime|rolling (?:upgrades?|updates?|deployments?|releases?)|blue[ -/]green)\b/, /\b(?:upgrad\w*|updat\w*|deploy\w*|releas\w*|maintenance|patch\w*|system)\b/],
    ],
  },
  {
    control: 'business-continuity',
    heading: /\b(?:continuity|disaster|recovery)\b/,
    cues: [
      [0.95, /\b(?:business continuity|disaster[ -]recovery|bcp|dr plan|bc\/dr|bcdr|contingency plans?)\b/],
      [0.92, /\b(?:recovery (?:time|point) objectives?|rto|rpo)\b/],
      [0.7, /\b(?:continuity|recovery) (?:plans?|procedures?)\b/],
    ],
  },
  {
    control: 'status-page',
    cues: [
      [0.95, /\bstatus ?page\b|url:\/\/(?:\w+\.)?status\.|statuspage\.io|\bstatus\.[a-z]/],
      [0.88, /\b(?:current|live|real-time|historical|past)\b/, /\b(?:status|availability|uptime)\b/, /\b(?:public(?:ly)?|check|shown|published|page|visit|see|url:)\b/],
    ],
    unless: [[/\b(?:vulnerabilit\w+|report)\b/, 'it is not the state of the service']],
  },
  {
    control: 'incident-response',
    heading: /\bincident\w*\b/,
    cues: [
      [0.95, /\bincident[ -](?:response|management|handling)\b/],
      [0.9, /\bincidents?\b/, /\b(?:investigat\w+|detect\w*|contain\w*|remediat\w+|escalat\w+|record(?:ed|s)?|assess\w*|respond\w*|procedures?|plan|playbooks?|runbooks?)\b/],
    ],
    unless: [[/\b(?:report (?:an|your) (?:issue|incident)|notif(?:y|ied) (?:affected|you|customers)|post-?mortem|penetration|surveillance|experienced an incident)\b/, 'it is another promise about incidents']],
  },
  {
    control: 'incident-notification',
    heading: /\b(?:incident|breach|notification)\w*\b/,
    cues: [
      [0.95, INCIDENT, NOTIFY, /\b(?:customers?|you|clients?|users?|affected|controllers?)\b/],
      [0.8, /\b(?:help customers meet|reasonably available)\b/, /\b(?:legal|obligations|information)\b/],
      [0.7, /\bwithout undue delay\b/],
    ],
    unless: [
      [/\b(?:supervisory|data protection) authorit\w+\b|\bregulators?\b|\bnotify us\b|\b(?:should|must) (?:promptly )?notify\b|\b(?:on-call|engineer|siem|statuspage)\b/, 'somebody else is told'],
      [/\b(?:report|finder|researcher|vulnerabilit\w+)\b.{0,60}\b(?:progress|inform)/, 'it is about a report'],
      [/\bfound a vulnerability\b|\bexperienced an incident\b|\bplease (?:visit|contact|email)\b/, 'it is the reader who reports'],
    ],
  },
  {
    control: 'incident-review',
    cues: [
      [0.96, /\b(?:post-?mortems?|post[ -]incident|root[ -]cause|lessons learn(?:ed|t)|retrospectives?|after[ -]action|blameless)\b/],
      [0.8, /\bincidents?\b/, /\b(?:reviewed|is reviewed|follow(?:ed)? up|actions? (?:are|is) tracked)\b/],
    ],
  },
]
