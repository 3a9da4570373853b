import type { Entry } from './entry.ts'
import { BACKUP, ENCRYPTED } from './words.ts'

const INSIDE = /\b(?:internal(?:ly)?|(?:between|among) (?:our |the )?(?:\w+ )?(?:micro)?(?:services|servers|data ?cent\w+|components|nodes|systems|hosts)|service[ -]to[ -]service|within (?:our|the) (?:\S+ ){0,4}?(?:network|infrastructure|vpc|cluster|networks)|within the service|mutual tls|mtls|east[ -]west|service mesh|wireguard mesh|inter-service)\b/

export const PROTECTION: readonly Entry[] = [
  {
    control: 'encryption-in-transit',
    heading: /\b(?:encrypt\w+|in transit|transport|https)\b/,
    cues: [
      [0.92, /\b(?:in[ -]transit|in[ -]flight|in[ -]motion)\b/, /\b(?:encrypt\w*|tls|https|ssl|protect\w*|secured?)\b/],
      [0.9, /\b(?:tls|https|ssl|hsts|transport layer security)\b/],
      [0.62, ENCRYPTED, /\b(?:transmit\w*|transmission|sent|connections?|traffic|transactions?|communications?)\b/],
    ],
    unless: [
      [/\b(?:mutual tls|mtls)\b|\b(?:micro)?services\b.{0,30}\b(?:tls|encrypt)|\bunencrypted\b.{0,40}\b(?:internal|private)|\b(?:internal|private)\b.{0,60}\bunencrypted\b/, 'traffic inside the service is another control'],
      [/\bpayment processors?\b|\btls (?:certificates? )?(?:is|are) (?:renewed)\b/, "the processor's own transmission"],
    ],
  },
  {
    control: 'encryption-internal',
    heading: /\bencrypt\w+\b/,
    cues: [
      [0.93, INSIDE, /\b(?:encrypt\w*|unencrypted|tls|mtls|wireguard|ipsec)\b/],
      [0.9, /\b(?:mutual tls|mtls)\b/],
      [0.8, /\bwireguard\b/, /\b(?:mesh|networking|platform|internal)\b/],
    ],
    unless: [[/\b(?:idp|sso|employees?|staff|access internal)\b/, 'a way for staff to sign in']],
  },
  {
    control: 'encryption-at-rest',
    heading: /\b(?:encrypt\w+|at rest|storage)\b/,
    cues: [
      [0.93, /\bat[ -]rest\b/, /\b(?:encrypt\w*|protect\w*|secured?|aes\S*)\b/],
      [0.88, /\b(?:stored?|disks?|volumes?|databases?|storage|drives|files|buckets?|block|objects?)\b/, ENCRYPTED],
      [0.7, /\baes[ -]?(?:128|256)\b/],
      [0.8, /\bfull[ -](?:disk|volume) encryption\b/],
    ],
    unless: [
      [/\b(?:laptops?|workstations?|endpoints?|employee|company|secure|work) (?:devices?|laptops?|machines)\b|\blaptops?\b/, 'a device of the workforce, not customer data'],
      [/\b(?:encryption keys?|cryptographic keys?)\b.{0,40}\b(?:rotat\w*|kms|held|stored|live|kept)\b/, 'the line is about the keys'],
      [/\bpasswords?\b.{0,30}\b(?:hash|bcrypt|salted)|\bcards?\b/, 'passwords and cards have controls of their own'],
      [/^(?:our |all |the |each |every |daily |database |automat\w+ )*(?:\w+ )?back-?ups? (?:is|are)\b/, 'the line is about backups alone'],
      [/\b(?:transmit\w*|https|tls)\b(?!.*\b(?:at[ -]rest|stored data)\b)/, 'the line is about traffic'],
    ],
  },
  {
    control: 'encryption-backups',
    heading: /\bbackups?\b/,
    cues: [
      [0.9, BACKUP, ENCRYPTED],
    ],
    unless: [[/\bkeys? (?:are|is) backed up\b/, 'a backup of keys']],
  },
  {
    control: 'key-management',
    heading: /\bkey management\b/,
    cues: [
      [0.95, /\bkey[ -]management\b/],
      [0.94, /\b(?:kms|hsms?|hardware security modules?|key vault|cloudhsm|byok|cmek|customer[ -]managed (?:encryption )?keys?|bring (?:your|their) own (?:encryption )?keys?|envelope encryption)\b/],
      [0.9, /\b(?:encryption|cryptographic|master|data|signing|private) keys?\b/, /\b(?:rotat\w*|stored|held|live|kept|managed|generated|access|protected|destroyed)\b/],
      [0.7, /\bkeys? (?:are|is) (?:rotated|held|managed)\b/],
    ],
    unless: [[/\b(?:api keys?|ssh keys?|security keys?|hardware (?:security )?keys?|pgp key|access keys?|secrets?)\b(?!.*\bencryption keys?\b)/, 'another kind of key']],
  },
  {
    control: 'secrets-managed',
    heading: /\bsecrets?\b/,
    cues: [
      [0.93, /\b(?:secrets? (?:manager|management|store|vault|scanning)|hashicorp vault|vault)\b/],
      [0.88, /\b(?:secrets|credentials|api keys?|access keys?)\b/, /\b(?:never|not|stored|kept|held|rotated|managed|vault|encrypted)\b/, /\b(?:source code|code|repositor\w+|vault|store|manager|rotat\w*|hard-?coded)\b/],
    ],
    unless: [[/\b(?:offboarding|onboarding|workforce members who|revoke access)\b|\bstatic analysis\b/, 'secrets are only among the things people reach']],
  },
  {
    control: 'password-hashing',
    heading: /\bpasswords?\b/,
    cues: [
      [0.95, /\bpasswords?\b/, /\b(?:hash\w*|bcrypt|argon2\w*|scrypt|pbkdf2|salt\w*)\b/],
      [0.8, /\b(?:bcrypt|argon2\w*|scrypt|pbkdf2)\b/],
      [0.6, /\bpasswords? (?:are|is) (?:never|not) stored\b|\bplain[ -]?text passwords?\b/],
    ],
  },
  {
    control: 'payment-processor',
    heading: /\b(?:billing|payments?|credit cards?)\b/,
    cues: [
      [0.95, /\bpayment (?:processors?|providers?|gateways?|processing|environments?)\b/],
      [0.92, /\b(?:payments?|(?:credit |debit )?cards?|billing)\b/, /\b(?:stripe|braintree|adyen|paypal|chargebee|recurly|paddle|worldpay|square)\b/],
      [0.9, /\b(?:(?:credit |debit |payment )?cards?|payments?|billing)(?: card)?(?: transactions?| information| data| details| numbers?)?\b/, /\b(?:processed|processing|handled|transmitted|pci\S*)\b/],
    ],
  },
  {
    control: 'no-card-storage',
    heading: /\b(?:billing|payments?|credit cards?)\b/,
    cues: [
      [0.97, /\b(?:credit |debit |payment )?cards?(?: (?:numbers?|details|data|information))?\b/, /\b(?:not|never|no|neither|without)\b/, /\b(?:stor\w+|keep|kept|retain\w*|save[sd]?|touch\w*|see|hold|reach\w*|pass\w* through|access)\b/],
    ],
    unless: [[/\b(?:stored,? and processed)\b|\bbadge|\bkey ?cards?\b/, 'cards are said to be stored, by somebody']],
  },
]
