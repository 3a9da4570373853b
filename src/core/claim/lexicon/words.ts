// Word families that several controls share. Lower case; straight quotes.

export const ENCRYPTED = /\b(?:encrypt(?:s|ed|ing|ion)?|cryptograph\w+|ciphers?|aes(?:-?\d+)?|luks|gpg|pgp)\b/
export const BACKUP = /\b(?:back(?:s|ed|ing)?[ -]?ups?|backed[ -]up|snapshots?|back(?:s|ed|ing)? up)\b/
export const DAILY = /\b(?:daily|nightly|hourly|(?:every|each|once a|once per|per) (?:day|night|hour|\d+ (?:minutes|hours))|every (?:few|\d+) (?:minutes|hours)|continuous(?:ly)?|twice a day|point-in-time|real[ -]time)\b/
export const NIGHT_AND_DAY = /\b(?:24\/7(?:\/365)?|24x7|around the clock|round-the-clock|day and night)\b/
export const STAFF = /\b(?:employees?|staff|personnel|workforce(?: members?)?|team(?: members?)?|engineers?|contractors?|new hires?|hires|colleagues|workers|our people|candidates?|managers?|developers|everybody|everyone|administrators of ours)\b/
export const PRODUCTION = /\b(?:production|live (?:systems?|databases?|environments?|servers?)|customer (?:data|databases?|environments?))\b/
export const PROVIDER = /\b(?:aws|amazon(?: web services)?(?:'s)?|gcp|google(?: cloud(?: platform)?)?(?:'s)?|azure(?:'s)?|microsoft(?:'s)?|hetzner|ovh(?:cloud)?|digital ?ocean|heroku|rackspace|equinix|linode|oracle cloud|cloudflare|fastly|vercel|(?:cloud|hosting|infrastructure|colocation|data ?cent(?:er|re))(?: infrastructure| service| hosting)* (?:provider|partner|vendor|compan)\w*|data ?cent(?:er|re)s?(?: (?:operations?|facilities|providers?))?)\b/
export const CERTIFICATE = /\b(?:iso(?:\/iec)?\d?[ -]?\d{4,5}(?:[:-]\d{4})?|soc[ -]?[123](?:[ -]type)?|iso(?=,| and| or)|hipaa(?=,| and| or)|pci(?=,| and| or| level)|tier iv|tier iii|isae ?\d+|ssae ?\d+|pci[ -]?dss|fedramp|fisma|diacap|hitrust|cyber essentials|c5|ens|tisax|csa star|irap|hds|data privacy framework|privacy shield|stateramp|nist 800-\d+|fips 140-\d)\b/
export const THIRD_PARTY = /\b(?:(?:third|3rd)[ -]part(?:y|ies)|independent(?:ly)?|external(?:ly)?|outside|accredited|qualified)\b/
export const SUBPROCESSOR = /\bsub-?processors?\b/
export const VENDOR = /\b(?:vendors?|suppliers?|third[ -]part(?:y|ies)(?: (?:vendors?|providers?|services?|processors?))?|service providers?|processors?)\b/
export const VULNERABILITY = /\b(?:vulnerabilit(?:y|ies)|(?:security )?(?:weakness(?:es)?|flaws?)|cves?|security (?:issues?|bugs?|problems?|holes?))\b/
export const LOGS = /\b(?:logs?|logged|logging|audit(?:ed|able)?(?: trails?| logs?| records?)?|event records?|security events|recorded)\b/
export const INCIDENT = /\b(?:incidents?|(?:data |security |personal data )?breach(?:es)?|compromise[sd]?|unauthori[sz]ed (?:access|disclosure)|intrusions?)\b/
export const NOTIFY = /\b(?:notif(?:y|ies|ied|ications?)|inform(?:s|ed)?|alert(?:s|ed)?|tell|told|advise|announce[sd]?|notice|communicat\w+|contact (?:you|customers|affected))\b/
export const PERSONAL_DATA = /\b(?:personal(?:ly)?(?: identifiable)? (?:data|information)|pii|user data|your (?:personal )?(?:data|information|content)|customer (?:personal )?(?:data|content|information|records)|account data|data)\b/
export const DURATION = /\b(?:(?:\d+|one|two|three|four|five|six|seven|eight|ten|twelve|fourteen|thirty|sixty|ninety|a|an|few)(?:[ -](?:business|working|calendar))?[ -](?:minutes?|hours?|days?|weeks?|months?|years?)|\d+ ?h(?:rs?)?)\b/
export const SCAN = /\b(?:scan(?:s|ned|ning|ners?)?|check(?:s|ed|ing)?|analy[sz](?:e|es|ed|ing|is)|audit(?:s|ed)?|monitor(?:s|ed|ing)?|assessments?|screen(?:s|ed)?)\b/
export const DEPENDENCY = /\b(?:dependenc(?:y|ies)|librar(?:y|ies)|packages?|gems|open[ -]source (?:components?|software)|third[ -]party (?:code|components?|software|modules)|modules|software components?|sbom|composition analysis)\b/
