import { exactly } from '../components/instant.ts'
import type { VersionRecord } from './policy-record.ts'

export function Decisions({ version }: { version: VersionRecord }) {
  return (
    <table className="list">
      <caption className="hidden">Decisions</caption>
      <thead><tr><th scope="col">What</th><th scope="col">Who</th><th scope="col">When</th><th scope="col">Note</th></tr></thead>
      <tbody>
        {(version.decisions ?? []).toReversed().map((decision) => (
          <tr key={decision.at + decision.kind}><td className="main-cell">{decision.kind}</td><td>{decision.by}</td><td>{exactly(decision.at)}</td><td>{decision.note}</td></tr>
        ))}
        {version.createdAt !== undefined && <tr><td className="main-cell">brought in</td><td>{version.createdBy}</td><td>{exactly(version.createdAt)}</td><td /></tr>}
      </tbody>
    </table>
  )
}
