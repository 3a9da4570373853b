import { VouchsafeError } from '#core/errors'
import { CONTROLS } from '../control.ts'
import type { ControlId } from '../control.ts'
import { CCPA } from './ccpa.ts'
import type { Framework, Requirement } from './framework.ts'
import { GDPR } from './gdpr.ts'
import { ISO27001 } from './iso27001.ts'
import { NIST_CSF } from './nist-csf.ts'
import { SOC2 } from './soc2.ts'

/** Every framework that controls are mapped to. */
export const FRAMEWORKS = [SOC2, ISO27001, NIST_CSF, GDPR, CCPA] as const satisfies readonly Framework[]

export type FrameworkId = (typeof FRAMEWORKS)[number]['id']

/** The framework of a word from outside, or undefined. */
export function frameworkById(id: FrameworkId): Framework
export function frameworkById(id: string): Framework | undefined
export function frameworkById(id: string): Framework | undefined {
  return FRAMEWORKS.find((framework) => framework.id === id)
}

/** A requirement as a control refers to it. */
export interface RequirementReference extends Requirement {
  readonly framework: FrameworkId
  /** As people cite it: `SOC 2 CC6.7`, `ISO 27001 A.8.24`, `GDPR Art. 32`. */
  readonly label: string
}

/** Every requirement that a control contributes to: by framework, then in the order of the framework. */
export function requirementsOf(control: ControlId): readonly RequirementReference[] {
  return FRAMEWORKS.flatMap((framework) => {
    const ids: readonly string[] = framework.byControl.get(control) ?? []
    return framework.requirements
      .filter(({ id }) => ids.includes(id))
      .map((requirement) => ({ ...requirement, framework: framework.id, label: `${framework.label} ${requirement.id}` }))
  })
}

/**
 * The controls that contribute to a requirement, in the order of the catalogue; none is a possible answer.
 * @throws VouchsafeError `not-found` for a framework or a requirement that is not listed
 */
export function controlsOf(framework: string, requirementId: string): readonly ControlId[] {
  const known = listed(framework)
  if (!known.requirements.some(({ id }) => id === requirementId)) {
    throw new VouchsafeError('not-found', `${known.name} has no requirement ${JSON.stringify(requirementId.slice(0, 80))}.`, {
      mend: `Use an id as the framework writes it, for example ${known.requirements[0]?.id ?? ''}.`,
    })
  }
  return CONTROLS.filter(({ id }) => known.byControl.get(id)?.includes(requirementId)).map(({ id }) => id)
}

export interface CoveredRequirement extends Requirement {
  /** Those of the given controls that contribute, in the order of the catalogue. */
  readonly controls: readonly ControlId[]
}

export interface Coverage {
  readonly framework: Framework
  readonly covered: readonly CoveredRequirement[]
  /** Requirements to which none of the given controls contributes. */
  readonly gaps: readonly (Requirement & {
    /** Controls of the catalogue that would contribute; none means that this catalogue cannot help. */
    readonly wouldHelp: readonly ControlId[]
  })[]
}

/**
 * What a set of controls contributes to, and what it leaves open. "Covered" says that something speaks to the
 * requirement, never that it is met: that is for an auditor to say.
 * @throws VouchsafeError `not-found` for a framework that is not listed
 */
export function coverage(framework: string, controls: Iterable<ControlId>): Coverage {
  const known = listed(framework)
  const held = new Set(controls)
  const rows = known.requirements.map((requirement) => ({ requirement, all: controlsOf(known.id, requirement.id) }))
  const covered = rows.map(({ requirement, all }) => ({ ...requirement, controls: all.filter((id) => held.has(id)) }))
  return {
    framework: known,
    covered: covered.filter((row) => row.controls.length > 0),
    gaps: rows.filter(({ all }) => !all.some((id) => held.has(id))).map(({ requirement, all }) => ({ ...requirement, wouldHelp: all })),
  }
}

function listed(id: string): Framework {
  const framework = frameworkById(id)
  if (framework) return framework
  throw new VouchsafeError('not-found', `${JSON.stringify(id.slice(0, 80))} is not a framework we map to.`, {
    mend: `Choose one of ${FRAMEWORKS.map((known) => known.id).join(', ')}.`,
  })
}
