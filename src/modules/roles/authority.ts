import { isDeepStrictEqual } from 'node:util'
import type { Rule } from '#core/permission'

/**
 * What somebody lacks of what they would give. Nobody gives more than they hold, by a role, a group, a token or a look
 * through somebody else's eyes; else giving would be a way to get.
 *
 * Held is what an own rule allows without a condition, or under the very same one, and no own rule denies, unless the
 * same denial is given along. That errs to the safe side: two conditions that happen to mean the same count as different.
 * A rule for all names is held by a rule for all names only, since it also holds for those that are yet to come.
 * @returns the rules that are not held, as given
 */
export function lacking(held: readonly Rule[], given: readonly Rule[]): Rule[] {
  const denials = held.filter((rule) => rule.effect === 'deny' && !given.some((other) => isDeepStrictEqual(other, rule)))
  return given.filter((rule) => rule.effect === 'allow' && !holds(rule))

  function holds(rule: Rule): boolean {
    const names = rule.verb === 'find' || rule.names === undefined ? [undefined] : rule.names
    return names.every((name) => allows(rule, name) && !denies(rule, name))
  }

  function allows(rule: Rule, name: string | undefined): boolean {
    return held.some(
      (own) =>
        own.effect === 'allow' &&
        own.verb === rule.verb &&
        (own.record === '*' || own.record === rule.record) &&
        (own.names === undefined || (name !== undefined && own.names.includes(name))) &&
        (own.when === undefined || isDeepStrictEqual(own.when, rule.when)),
    )
  }

  // Wherever the two could meet: a denial under a condition is one too.
  function denies(rule: Rule, name: string | undefined): boolean {
    return denials.some((own) => own.verb === rule.verb && (own.record === '*' || rule.record === '*' || own.record === rule.record) && (own.names === undefined || name === undefined || own.names.includes(name)))
  }
}
