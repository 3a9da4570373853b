import type { Line, PolicyDocument } from '#core/policy'
import type { ControlId } from '#core/control'

// Names of tiers that companies use. Matched with a word for tier or customer beside them, or in a heading.
const TIER = '(?:Free|Hobby|Starter|Basic|Standard|Essentials?|Pro|Professional|Plus|Premium|Team|Teams|Business|Scale|Growth|Advanced|Enterprise|Ultimate|Developer|Launch|Community|Virtual Dedicated|Dedicated|Paid|Self-Hosted|self-hosted|On-Premises?|on-premises?|Cloud|Government|GovCloud|paid|free|enterprise|business|premium)(?: (?:and|or|&|/) (?:higher|above|[A-Z]\\w+))?'
const OFFER = '(?:[Pp]lans?|[Tt]iers?|[Ee]ditions?|[Pp]ackages?|[Cc]ustomers?|[Aa]ccounts?|[Oo]rgani[sz]ations?|[Dd]eployments?|[Ss]ubscriptions?|[Ss]ubscribers?|[Ww]orkspaces?|[Ii]nstallations?|[Ii]nstances?|[Uu]sers?|add-on)'
const ONLY_TIER = new RegExp(`\\((${TIER})(?: ${OFFER})?(?: only| with [^)]{1,40}| \\+)?\\)`)
const TIER_OF_OFFER = new RegExp(`\\b(${TIER}(?: Tier of Service)?) ${OFFER}\\b`)
const PACKAGE = /\b(?:on|in|part of|with|requires?|included in|available (?:on|in|with|for)) (?:the |our |an? )?\[?((?:[A-Z][\w-]+ ){1,3}(?:Plan|Tier|Edition|Package|Add-?on|plan|tier|edition|package|add-?on)s?)\b/
const TIER_HEADING = new RegExp(`^(?:For )?(${TIER})(?: ${OFFER})?(?: only)?$|\\((${TIER})(?: ${OFFER})?(?: only)?\\)$|\\b(${TIER} (?:plans?|tiers?|edition|customers|only))\\b`)

const REGION = /\b(?:for|in|to|with) (?:all |our )?(?:customers|users|residents|individuals|data subjects|accounts|organi[sz]ations|people|consumers|workspaces) (?:located |based |residing |hosted )?(?:in|from|of) (?:the )?([A-Z][\w.]*(?: [A-Z][\w.]*){0,2})/
const REGION_CUSTOMERS = /\b((?:EU|EEA|UK|US|European|Canadian|Australian|Californian?|Swiss|German|Indian) (?:customers|users|residents|regions?|accounts|instances|deployments|data subjects))\b/
const REGION_HEADING = /^(?:For )?((?:EU|EEA|UK|US|U\.S\.|European Union|Europe|United States|United Kingdom|California|Canada|Australia|Switzerland)(?: (?:customers|users|residents|regions?))?)(?: only)?$|\(((?:EU|EEA|UK|US)(?: only)?)\)$/

// "For some attachments, …", "In the event of a non-anonymous report, …"
const LEADING_KIND = /^(?:(?:for|to) (?:some|certain|most|select|selected|paid|self-hosted|cloud|new|large|regulated|sensitive|eligible) ((?:[\w-]+ ){0,3}?[\w-]+)|in (?:the )?(?:case|event) of (?:an? )?((?:non-)?[\w-]+ [\w-]+))\b,/i
const CONDITION = /^(?:if|when|where) (?:an? |the |your )?\w+(?: \w+)? (?:is |are )?(self-hosting|using (?:[A-Z]\w+ ?)+|on (?:a|the|our) [\w-]+ plan)/i
const REGION_LABEL = /^(United States|United Kingdom|European Union|Europe|EU|UK|US|Germany|France|Canada|Australia|Japan|India|Switzerland|Asia Pacific|APAC|EMEA): /
const LIMITED_TO = /\b(?:only (?:for|to|applies to|available (?:to|for|on))|limited to|applies (?:only )?to|available (?:only )?(?:to|for|on)) (?:the |our )?((?:[A-Z][\w-]+|paid|self-hosted|enterprise|business|premium|eligible)(?: [\w-]+){0,3})/

// A kind of data or store as the subject of a safeguard: the promise goes no further than it.
const NARROW_STORE = /^(?:(?:our|any|all|the|each|every) )?((?:[\w-]+ ){0,2}?(?:databases|backups?|files|attachments|uploads|snapshots|indexes|recordings|documents|metadata|images|buckets?|volumes|messages|credentials|passwords|log records|records|logs))\b(?: (?:which|that) (?:you|our customers|customers|users) (?:upload|send|create)\b)?.{0,60}?\b(?:is|are|stored|kept|encrypted|backed|replicated|deleted|retained|not)\b/i
const BROAD_STORE = /^(?:(?:our|any|all|the|each|every|daily|automated|full|regular|production|customer|encrypted|your|system|systems) ?)*(?:data|databases?|backups?|snapshots?|files|credentials|passwords|secrets)$/i
const STORE_CONTROLS: ReadonlySet<string> = new Set(['encryption-at-rest', 'encryption-backups', 'hosting-region', 'data-retention', 'backup-access'] satisfies ControlId[])
const STAFF_SUBSET = /\bfor (?:(?:all )?(?:personnel|employees|staff|engineers|contractors) (?:who|with|that) [\w' -]{5,60}|(?:\w+ )?(?:positions|roles) with [\w ]{5,40})/i

/** Names of the company's products where the page itself lists more than one. */
export function productsOf(document: PolicyDocument): string[] {
  const names = new Set<string>()
  for (const line of document.lines) {
    if (line.kind === 'heading' || !/\b(?:includes?|consists? of|comprises?|offers?|our products|platform)\b/.test(line.text)) continue
    const list = /\b(?:includes?|consists? of|comprises?|our products(?: are|:)?) (.{10,300})/.exec(line.text)?.[1]
    if (list === undefined || !/\b(?:and|,)\b/.test(list)) continue
    for (const match of list.matchAll(/\b([A-Z][a-z]+[A-Z]\w+|[A-Z][a-z]\w+ (?:Cloud|Server|Enterprise|Platform|Database|Studio|Connect|Desktop))\b/g)) names.add(match[1] as string)
  }
  return names.size >= 2 ? [...names] : []
}

export interface ScopeFound {
  scope: string
  /** Where the limit stands. */
  from: 'footnote' | 'heading' | 'text' | 'product' | 'stem' | 'header'
}

/** The tier, product, region or kind of data that limits a line, or undefined where it speaks of all. */
export function scopeOf(line: Line, document: PolicyDocument, controls: readonly ControlId[], products: readonly string[]): ScopeFound | undefined {
  const note = line.notes.map((index) => document.lines[index]?.text ?? '').find((text) => /\b(?:appl(?:y|ies)|only|available|tier|plan|edition|customers|region|excluding|except|requires)\b/i.test(text))
  if (note !== undefined) return { scope: limitOf(note), from: 'footnote' }
  const text = line.text
  const inText = PACKAGE.exec(text)?.[1] ?? TIER_OF_OFFER.exec(text)?.[0] ?? ONLY_TIER.exec(text)?.[1] ?? REGION.exec(text)?.[1] ?? REGION_CUSTOMERS.exec(text)?.[1] ?? LIMITED_TO.exec(text)?.[1] ?? CONDITION.exec(text)?.[1] ?? REGION_LABEL.exec(text)?.[1]
  if (inText !== undefined) return { scope: inText, from: 'text' }
  const leading = LEADING_KIND.exec(text)
  if (leading) return { scope: (leading[1] ?? leading[2] ?? leading[0]).replace(/^(?:a|an) /, ''), from: 'text' }
  if (line.kind === 'table-cell' && line.stem !== undefined) {
    const header = TIER_OF_OFFER.exec(line.stem)?.[0] ?? new RegExp(`(?:^|: )(${TIER})$`).exec(line.stem)?.[1]
    if (header !== undefined) return { scope: header, from: 'header' }
  } else if (line.stem !== undefined) {
    const stem = TIER_OF_OFFER.exec(line.stem)?.[0] ?? PACKAGE.exec(line.stem)?.[1]
    if (stem !== undefined) return { scope: stem, from: 'stem' }
  }
  for (const heading of line.section.toReversed()) {
    const bare = heading.replace(/^\d+(?:\.\d+)*[.)]?\s+/, '')
    const match = TIER_HEADING.exec(bare) ?? REGION_HEADING.exec(bare)
    const named = match?.slice(1).find((part) => part !== undefined)
    // "Cloud security" is a subject, "Cloud" alone a product.
    if (named !== undefined && heading !== document.lines[0]?.text) return { scope: named, from: 'heading' }
  }
  const staff = controls[0] === 'background-check' || controls[0] === 'security-training' ? STAFF_SUBSET.exec(text)?.[0].slice(4) : undefined
  if (staff !== undefined) return { scope: staff, from: 'text' }
  if (controls.some((control) => STORE_CONTROLS.has(control))) {
    const store = NARROW_STORE.exec(text)?.[1]?.trim()
    if (store !== undefined && store.includes(' ') && !BROAD_STORE.test(store)) return { scope: store, from: 'text' }
    if (/^any files which (?:you|our customers) upload/i.test(text)) return { scope: 'uploaded files', from: 'text' }
  }
  const lead = text.slice(0, 70)
  const named = products.filter((product) => lead.includes(product))
  if (named.length === 1 && products.filter((product) => text.includes(product)).length === 1) return { scope: named[0] as string, from: 'product' }
  return undefined
}

/** "1Applies to AuraDB Enterprise Tier of Service" → what it applies to. */
function limitOf(note: string): string {
  return note.replace(/^(?:\[\w+\]|\d{1,2}|[†‡§*¹²³⁴⁵]+)\s*/, '').replace(/^(?:only )?appl(?:y|ies) (?:only )?to (?:the )?/i, '').replace(/[.;]+$/, '')
}
