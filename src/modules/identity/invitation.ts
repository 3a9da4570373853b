import { createHash, randomBytes } from 'node:crypto'

/** How long an invitation waits, unless whoever makes it says otherwise. */
export const INVITATION_DAYS = 7
export const MOST_INVITATION_DAYS = 30

export type InvitationState = 'waiting' | 'expired' | 'accepted' | 'revoked' | 'replaced'

export interface InvitationTimes {
  expiresAt: Date
  endedAt?: Date
  endedHow?: 'accepted' | 'revoked' | 'replaced'
}

export const invitationState = ({ expiresAt, endedHow }: InvitationTimes, at: Date): InvitationState => endedHow ?? (expiresAt <= at ? 'expired' : 'waiting')

/** 256 random bits; shown once, in the link. */
export const newToken = (): string => randomBytes(32).toString('base64url')

/** What is kept of a token. Nothing slower is needed: nobody guesses 256 bits. */
export const tokenHash = (token: string): Buffer => createHash('sha256').update(token).digest()

/** After the # : browsers send that part to nobody, so that it stands in no journal and no Referer header. */
export const invitationLink = (origin: string, token: string): string => `${origin}/console/invitation#${token}`

/** The mail, plain text. */
export function invitationText({ displayName, organisation, link, expiresAt }: { displayName: string; organisation: string | undefined; link: string; expiresAt: Date }): { subject: string; text: string } {
  const where = organisation ?? 'the security programme'
  return {
    subject: `You are invited to ${where}`,
    text: `Hello ${displayName},

you are invited to sign in to ${where} on Vouchsafe. Open this link and choose how you want to sign in:

${link}

It works once, until ${expiresAt.toISOString().slice(0, 16).replace('T', ' ')} UTC, and it is for you alone: do not pass it on.
If you did not expect this, you need not do anything.
`,
  }
}
