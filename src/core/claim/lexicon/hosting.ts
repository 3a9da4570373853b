import type { Entry } from './entry.ts'
import { CERTIFICATE, PROVIDER } from './words.ts'

const REGION = /\b(?:regions?|locations?|jurisdictions?|countr(?:y|ies)|continent|geograph\w+|(?:us|eu|ap|ca|sa|uk|me|af)-(?:north|south|east|west|central)\w*-\d|united states|u\.?s\.?a?|european union|europe(?:an)?|eu|eea|germany|frankfurt|ireland|dublin|london|uk|united kingdom|canada|australia|sydney|singapore|india|tokyo|japan|switzerland|oregon|virginia|netherlands|amsterdam|paris|france|sweden|finland|iceland|brazil)\b/

export const HOSTING: readonly Entry[] = [
  {
    control: 'hosting-stated',
    heading: /\b(?:hosting|infrastructure|data cent(?:er|re)s?|cloud)\b/,
    cues: [
      [0.82, PROVIDER, /\b(?:host(?:s|ed|ing)?|run(?:s|ning)? (?:\S+ ){0,4}?on|built (?:\S+ ){0,2}?on|deployed (?:in|on|to|within)|platform|infrastructure providers?|powered by|operated (?:on|in)|relies on|leverages?|uses?|utili[sz]es?|infrastructure (?:needs|provider))\b/],
      [0.75, /\b(?:worker hosts?|servers?|infrastructure|applications?|service|platform)\b/, /\b(?:hosted (?:by|on|in|at|with|within|and managed)|run on our own|runs on|our own hardware|leased (?:data ?cent\w+|datacenter)|colocat\w+|bare metal)\b/],
      [0.55, /\bcloud (?:infrastructure |hosting )?(?:service )?providers?\b/],
      [0.5, PROVIDER, /\bregions?\b/],
    ],
    unless: [
      [/\b(?:backup\w*|encrypt\w*|keys?|kms|compliance programs?|sign in|log ?in|single sign|oauth|sso|firewall|ddos|denial[ -]of)\b/, 'the provider is named for something else than hosting'],
      [/\b(?:accredited|certified|certifications?|attestations?|assessments|virtuali[sz]\w*|physical(?:ly)?|responsible for)\b/, "the line is about the provider's own standing"],
    ],
  },
  {
    control: 'hosting-region',
    heading: /\b(?:data (?:location|residency|sovereignty)|where your data|regions?)\b/,
    cues: [
      [0.9, REGION, /\b(?:data|records?|content|instances?|servers?|backups?|information|attachments?|databases?|files|storage|application|workloads?|bucket)\b/, /\b(?:store[sd]?|host(?:ed|s|ing)?|resid(?:e|es|ency)|kept|held|located|stays?|remain\w*|process(?:ed)?|leave|lives?|choose|select|pinned|s3)\b/],
      [0.85, /\bdata (?:residency|location|sovereignty|locali[sz]ation)\b/],
      [0.7, /\b(?:stored|edge|cached)\b.{0,40}\bedges?\b|\bat (?:the|whichever) edge\b|\bwhich edges?\b/],
      [0.6, /\b(?:hosted|deployed|runs?|located)\b/, REGION],
    ],
    unless: [[/\b(?:transfers?|standard contractual|sccs?|adequacy|privacy framework|comply|complies|compliance|regulations?|law|rights|gdpr|availability zones?|replicat\w+|failover|phone|multiple locations)\b/, 'the place is named for a law, a transfer or resilience, not as where data is kept']],
  },
  {
    control: 'provider-compliance',
    heading: /\b(?:data cent(?:er|re)s?|infrastructure|hosting)\b/,
    cues: [
      [0.93, PROVIDER, /\b(?:certif\w+|accredit\w+|attest\w+|compl(?:y|ies|iant|iance)|assessments|audit(?:s|ed)|standards)\b/, /\b(?:maintain\w*|undergo\w*|have been|has been|are|is|hold\w*|meet\w*|variety|ensure|complies|certified|accredited|with)\b/],
      [0.9, PROVIDER, CERTIFICATE],
    ],
    unless: [
      [/^(?:we|our (?:company|organi[sz]ation|program|information))\b.{0,40}\b(?:are|is|hold|have|maintain|achieved|report)\b/, "the certificate is told as the company's own"],
      [/\b(?:payments?|card)\b|\bphysical\b.{0,30}\b(?:responsible|controls)|\bencrypt\w*|\bresponsible for\b|\bself-service\b|\bdashboard\b/, 'the provider is named for something else'],
    ],
  },
  {
    control: 'physical-security-inherited',
    heading: /\b(?:physical|data cent(?:er|re)s?|facilit(?:y|ies))\b/,
    cues: [
      [0.95, /\bphysical(?:ly)?\b/, /\b(?:security|access|controls?|safeguards?|protections?|secured?|infrastructure)\b/],
      [0.9, /\b(?:biometric\w*|surveillance|cctv|video monitoring|mantraps?|security guards?|guarded|badge readers?|visitor logs?|on-?site (?:staff|security|guards?)|fire suppression|key ?cards?|security perimeter|locked cages?|cages)\b/],
      [0.8, /\b(?:data ?cent(?:er|re)s?|server rooms?|facilit(?:y|ies)|halls?)\b/, /\b(?:authori[sz]ed|access(?:ed)?|entry|guards?|secure|staff|locks?|24\/7\S*)\b/],
      [0.5, /\bleased data ?cent(?:er|re)\b/],
    ],
  },
  {
    control: 'shared-responsibility',
    heading: /\b(?:shared responsibilit\w+|customer responsibilit\w+|your responsibilit\w+|responsibilities)\b/,
    cues: [
      [0.95, /\b(?:shared responsibilit\w+|responsibility model)\b/],
      [0.88, /\b(?:is|are|remains?|remain|be)\b.{0,25}\bresponsible for\b/],
      [0.75, /\bresponsib(?:le|ility) (?:for|of|to)\b/, /\b(?:customers?|you|your|we|aws|provider)\b/],
    ],
    unless: [[/\bresponsible(?: and coordinated)? disclosure\b|\b(?:officer|team|committee|person|manager|ciso|engineers?|who)\b.{0,25}\bresponsible for\b/, 'naming who inside the company answers for something is not a split of duties']],
  },
  {
    control: 'network-isolation',
    heading: /\b(?:isolation|vpc|dedicated infrastructure)\b/,
    cues: [
      [0.92, /\b(?:vpcs?|virtual private clouds?|dedicated (?:nodes?|cloud infrastructure|infrastructure|clusters?|instances?|tenancy|servers?)|single[ -]tenant|private (?:subnets?|networks?))\b/, /\b(?:own|separate|each|every|isolat\w*|dedicated|per (?:customer|client|tenant)|instances?|deployed|customer)\b/],
      [0.6, /\bnetwork (?:isolation|segmentation)\b/],
    ],
    unless: [[/\bfirewall(?:s|ed)?\b|\bunencrypted\b/, 'a filtered company network is not a network of the customer\'s own']],
  },
  {
    control: 'tenant-isolation',
    heading: /\b(?:tenan\w+|isolation|segregation)\b/,
    cues: [
      [0.93, /\b(?:tenants?|customers?|accounts?|organi[sz]ations?)\b/, /\b(?:logical(?:ly)?|strict(?:ly)?|fully)? ?(?:separat(?:ed|ion|es?)|isolat(?:ed|ion|es?)|segregat(?:ed|ion|es?)|partition\w*|sandbox\w*|compartmentali\w+)\b/, /\b(?:data|records?|tenants?|other|another|each|instances?|workloads?|logical\w*)\b/],
      [0.9, /\bmulti-?tenan\w+\b/, /\b(?:isolat\w+|separat\w+|segregat\w+|prevent\w*)\b/],
      [0.85, /\b(?:one|no|another|other|any other) (?:customer|tenant)s?(?:'s?)?\b/, /\b(?:reach|read|access|see|view|cannot|data|records?)\b/],
      [0.8, /\b(?:firecracker|microvms?|micro-vms?|gvisor|hypervisor|virtuali[sz]ed|virtuali[sz]ation|sandboxed|virtual machines?)\b/],
    ],
    unless: [[/\b(?:staging|development|test) (?:and|from|environments?)\b|\bvpcs?\b/, 'separate environments of the company are not separate customers']],
  },
  {
    control: 'network-protection',
    heading: /\b(?:network|perimeter|ddos|firewall)\b/,
    cues: [
      [0.92, /\b(?:firewalls?|waf|web application firewall|security groups?|network acls?|iptables|bpf\b.{0,20})\b/],
      [0.93, /\b(?:d?dos|(?:distributed )?denial[ -]of[ -]service)\b/],
      [0.6, /\b(?:rate[ -]limit\w*|bastion|zero[ -]trust|vpn|wireguard|intrusion prevention|network access controls?)\b/],
      [0.75, /\bprivate subnets?\b|\bnot (?:publicly|directly) (?:accessible|reachable|exposed)\b/],
      [0.55, /\bnetwork\b/, /\b(?:protect\w*|filter\w*|segment\w*|locked down|hardened|restrict\w*|monitor\w*)\b/],
    ],
    unless: [[/\b(?:unencrypted|sso|employees? (?:connect|must)|idp|identity)\b/, 'the network is named for something else']],
  },
  {
    control: 'secure-defaults',
    cues: [
      [0.92, /\b(?:secure|private|locked|disabled|off|enabled|denied|closed|deny)[ -]by[ -]default\b/],
      [0.85, /\b(?:by default|default (?:settings?|configuration))\b/, /\b(?:private|disabled|off|closed|denied|locked|secure\w*|switched off|opt[ -]in)\b/],
      [0.6, /\b(?:secure|safe|hardened) defaults?\b/],
    ],
    unless: [[/\bencrypt\w*\b|\brole-based\b/, 'the default is named for another safeguard']],
  },
  {
    control: 'configuration-managed',
    heading: /\bconfiguration management\b/,
    cues: [
      [0.93, /\b(?:infrastructure[ -]as[ -]code|terraform|ansible|puppet|chef|pulumi|cloudformation|saltstack|configuration (?:drift|management|baselines?)|gitops|golden images?)\b/],
      [0.8, /\b(?:hardened|hardening|baselines?|cis benchmarks?)\b/, /\b(?:servers?|images?|hosts?|systems?|configur\w+|operating systems?)\b/],
    ],
  },
]
