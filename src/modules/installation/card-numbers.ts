import type { Check } from '#core/check'
import type { InstallationParts } from './parts.ts'
import { DAY, fails, holds, MINUTE, selfCheck } from './self-check.ts'
import { matchesIn, MOST_ROWS, textColumns } from './stored-text.ts'

/** 13 to 19 digits in one run, or four groups as they are printed; nothing that continues as a longer number or a digest. */
const DIGITS = '(?<![0-9A-Za-z.+/_-])([2-6][0-9]{12,18}|[2-6][0-9]{3}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{1,7})(?![0-9A-Za-z+/=_-])'

export function cardNumbersCheck({ organisation }: InstallationParts): Check {
  return selfCheck(
    {
      noun: 'card-numbers',
      title: 'No card number is stored',
      controls: ['no-card-storage'],
      method: `Looks through every column of the database that can hold text, up to the last ${MOST_ROWS} rows each, for numbers that have the length, the first digits and the check digit of a payment card. Encrypted values and files are not seen.`,
      cadenceSeconds: DAY,
      timeLimitSeconds: 15 * MINUTE,
      revision: 1,
    },
    {
      targets: () => ['database'],
      look: async (_target, { signal }) => {
        const columns = await textColumns(organisation.database.app)
        for (const column of columns) {
          signal.throwIfAborted()
          const found = (await matchesIn(organisation.database.app, column, DIGITS)).filter(isCardNumber)
          if (found.length > 0) return fails(`${column.name} holds ${found.length} numbers that could be card numbers; remove them`, { column: column.name, numbers: found.length })
        }
        return holds(`no card number in ${columns.length} columns that can hold text`, { columns: columns.map(({ name }) => name) })
      },
    },
  )
}

/** Pure. First digits and lengths as the networks give them out (ISO/IEC 7812-1), and the check digit of its annex B. */
export function isCardNumber(text: string): boolean {
  const digits = text.replaceAll(/[ -]/g, '')
  const issued = /^(4(\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(2[2-9]|[3-6]\d|7[01])\d{13}|2720\d{12}|3[47]\d{13}|3(0[0-5]|[689]\d)\d{11,16}|35(2[89]|[3-8]\d)\d{12,15}|6(011|4[4-9]\d|5\d\d)\d{12,15}|62\d{14,17})$/.test(digits)
  if (!issued || /^(\d)\1+$/.test(digits)) return false
  const sum = [...digits].reverse().reduce((total, digit, at) => total + (at % 2 === 0 ? Number(digit) : [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][Number(digit)]!), 0)
  return sum % 10 === 0
}
