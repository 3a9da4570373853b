/**
 * Passwords that everybody tries first, and the words that people build them from. Short on purpose: it catches the first
 * few thousand guesses; the operator's list of breached passwords catches the rest.
 */
const WORDS = `
password passwort passphrase passw0rd p@ssword p@ssw0rd pa55word motdepasse contrasena senha parola wachtwoord haslo heslo
welcome welkom willkommen bienvenue letmein changeme changeit default secret secure security access admin administrator
root user guest test testing tester demo temp temporary login logon signin system server manager master office company
qwerty qwertz azerty qwertyuiop qwertzuiop asdfgh asdfghjkl zxcvbn zxcvbnm qazwsx qazwsxedc
iloveyou loveyou sunshine princess dragon monkey football baseball basketball soccer hockey superman batman starwars
pokemon shadow michael jordan jennifer charlie thomas daniel george andrew ashley jessica nicole hunter ranger buster
summer winter spring autumn january february march april june july august september october november december
monday tuesday wednesday thursday friday saturday sunday london berlin paris newyork america england germany
flower cookie cheese chocolate coffee banana orange purple yellow silver golden diamond freedom whatever nothing
computer internet google facebook twitter microsoft windows android apple samsung oracle cisco linux ubuntu docker
correcthorsebatterystaple trustno one trustnoone opensesame abracadabra mypassword yourpassword newpassword
vouchsafe
`
  .trim()
  .split(/\s+/)

/** Runs along keyboards, digits and letters. */
const RUNS = ['01234567890123456789', '98765432109876543210', 'abcdefghijklmnopqrstuvwxyz', 'zyxwvutsrqponmlkjihgfedcba', 'qwertyuiopasdfghjklzxcvbnm', 'qwertzuiopasdfghjklyxcvbnm', 'azertyuiopqsdfghjklmwxcvbn', '1q2w3e4r5t6y7u8i9o0p', '1qaz2wsx3edc4rfv5tgb6yhn', 'qazwsxedcrfvtgbyhnujm']

/** What people put in place of letters. */
const DISGUISES: Readonly<Record<string, string>> = { '0': 'o', '1': 'i', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '@': 'a', $: 's', '!': 'i', '€': 'e', '|': 'l' }

/** One spelling for what guessers treat alike: compatibility forms, case, disguises, accents. */
const plain = (text: string): string => [...text.normalize('NFKD').toLowerCase().replace(/\p{M}/gu, '')].map((letter) => DISGUISES[letter] ?? letter).join('')

const COMMON = new Set(WORDS.flatMap((word) => [word, plain(word)]))

/**
 * Why a password is among the first that anybody would try, or undefined. Looked at: the word alone, with digits and
 * marks before or after it, disguised, repeated; keyboard runs; and the words of the place (organisation, address, name).
 * @param context words that belong to the person and the organisation; those under four letters are passed over
 */
export function guessable(password: string, context: readonly string[]): string | undefined {
  const lower = password.normalize('NFKC').toLowerCase()
  if (new Set(lower).size <= 2) return 'it repeats one or two characters'
  if (/^(.{1,6})\1+$/su.test(lower)) {
    const unit = /^(.{1,6}?)\1+$/su.exec(lower)?.[1] ?? ''
    if (unit.length <= 6) return 'it repeats the same few characters'
  }
  if (RUNS.some((run) => run.includes(lower) || [...run].reverse().join('').includes(lower))) return 'it runs along a keyboard or an alphabet'
  const forms = [lower, core(lower), plain(lower), core(plain(lower)), plain(core(lower))]
  if (forms.some((form) => COMMON.has(form) || halves(form))) return 'it is among the first that anybody tries'
  if (RUNS.some((run) => forms.some((form) => form.length >= 5 && run.includes(form)))) return 'it runs along a keyboard or an alphabet'
  const words = context.flatMap(wordsOf)
  // A word of the place may be part of a good password; it may not be nearly all of it.
  for (const word of words) if (forms.some((form) => form.includes(word) && form.replaceAll(word, '').replace(/[^\p{L}]/gu, '').length < 4)) return 'it is made of the name of the organisation or of your own'
  return undefined
}

/** Without the digits and marks that people add before and after a word. */
const core = (text: string): string => text.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')

/** Two common words side by side. */
const halves = (text: string): boolean => text.length <= 24 && [...text].some((_, index) => COMMON.has(text.slice(0, index)) && COMMON.has(text.slice(index)))

function wordsOf(text: string): string[] {
  const lower = text.normalize('NFKC').toLowerCase()
  return [lower.replace(/[^\p{L}\p{N}]/gu, ''), ...lower.split(/[^\p{L}\p{N}]+/u)].filter((word) => word.length >= 4).flatMap((word) => [word, plain(word)])
}
