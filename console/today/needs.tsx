import { useSession } from '../api/session.ts'
import { type ClaimRecord, ownerOf, shorten } from '../claims/claim-record.ts'
import { Go } from '../components/go.tsx'
import { useNow } from '../components/now.ts'
import { Part } from '../components/screen.tsx'
import { When } from '../components/when.tsx'
import { goneOf, type ObligationRecord, titleOf } from './kept.ts'

interface Need {
  key: string
  title: string
  about?: { text: string; to: string }
  owner: string | undefined
  isMine: boolean
  due: string | undefined
  overdue: boolean
  gone: number | undefined
}

const SOON_MS = 30 * 86_400_000 // an attestation takes a month to renew in peace

/** What is due, soonest first: clocks that run, results that are late, attestations that end. */
export function Needs({ claims, obligations }: { claims: readonly ClaimRecord[]; obligations: readonly ObligationRecord[] }) {
  const now = useNow()
  const session = useSession()
  const me = session.data?.person.id
  const byId = new Map(claims.map((claim) => [claim.id, claim]))
  const clocks = obligations.filter((one) => one.state === 'running' || one.state === 'breached' || one.state === 'paused').map((one): Need => {
    const claim = byId.get(one.subject?.replace(/^claim:/, '') ?? '')
    return {
      key: one.id,
      title: titleOf(one),
      ...(claim ? { about: { text: shorten(claim.text ?? claim.id, 90), to: `/claims/${claim.id}` } } : {}),
      owner: claim && ownerOf(claim),
      isMine: claim?.owner !== undefined && claim.owner === me,
      due: one.dueAt ?? undefined,
      overdue: one.state === 'breached',
      gone: goneOf(one, now),
    }
  })
  const turning = claims.filter((claim) => claim.late === true || (claim.attestedUntil !== undefined && Date.parse(claim.attestedUntil) - now.getTime() < SOON_MS)).map((claim): Need => ({
    key: `turns ${claim.id}`,
    title: claim.late ? 'A result is late: goes stale' : 'An attestation ends',
    about: { text: shorten(claim.text ?? claim.id, 90), to: `/claims/${claim.id}` },
    owner: ownerOf(claim),
    isMine: claim.owner !== undefined && claim.owner === me,
    due: claim.late ? claim.freshUntil : claim.attestedUntil,
    overdue: false,
    gone: undefined,
  }))
  const needs = [...clocks, ...turning].toSorted((a, b) => Number(b.isMine) - Number(a.isMine) || (a.due ?? '9').localeCompare(b.due ?? '9'))
  return (
    <Part title="Due">
      {needs.length === 0 ? <p className="soft">Nothing is due: no clock runs, and every result has come in time.</p> : (
        <table className="list needs">
          <caption className="hidden">What is due</caption>
          <thead><tr><th scope="col">What</th><th scope="col">Owner</th><th scope="col">Due</th><th scope="col"><span className="hidden">Time gone</span></th></tr></thead>
          <tbody>
            {needs.map((need) => (
              <tr key={need.key}>
                <td className="main-cell">{need.overdue && <span className="tag bad">overdue </span>}{need.title}{need.about && <Go to={need.about.to} className="under sentence">{need.about.text}</Go>}</td>
                <td data-label="Owner">{need.isMine ? <strong>you</strong> : (need.owner ?? <span className="soft">nobody</span>)}</td>
                <td data-label="Due">{need.due === undefined ? <span className="soft">paused</span> : <When at={need.due} />}</td>
                <td className="clock-cell">{need.gone !== undefined && (
                  <svg className={`clock ${need.overdue ? 'urgent' : need.gone > 0.8 ? 'late' : ''}`} viewBox="0 0 100 4" preserveAspectRatio="none" role="img" aria-label={`${Math.round(need.gone * 100)} % of its time is gone`}><rect width={need.gone * 100} height="4" /></svg>
                )}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Part>
  )
}
