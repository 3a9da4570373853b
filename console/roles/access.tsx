import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { type MyAccess, useMay } from '../api/access.ts'
import { get } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Empty } from '../components/empty.tsx'
import { useFilters } from '../components/filters.ts'
import { Loaded } from '../components/record.tsx'
import { Part, Screen } from '../components/screen.tsx'
import { nameOf, type PersonRecord } from '../identity/person-record.ts'
import { PickPerson } from '../identity/pick-person.tsx'
import { useWords, type Words } from './words.ts'
import { Why } from './why.tsx'

/** Who can do what: as one person would see it, why, and all of it to take along. */
export default function Access() {
  const may = useMay()
  const [filters, setFilters] = useFilters()
  const [picking, setPicking] = useState(false)
  const person = filters['person']
  const mayExport = may({ verb: 'act', record: 'access', name: 'export' })
  const known = useQuery({ queryKey: [`/people/${person ?? ''}`], queryFn: ({ signal }) => get<PersonRecord>(`/people/${person ?? ''}`, undefined, signal), enabled: person !== undefined })
  const name = known.data === undefined ? 'them' : nameOf(known.data)
  return (
    <Screen
      title="Who can do what"
      acts={(
        <>
          <Button onClick={() => setPicking(true)}>{person === undefined ? 'Choose a person' : 'Choose somebody else'}</Button>
          {mayExport && ['person', 'permission'].map((by) => ['csv', 'json'].map((format) => <a key={by + format} className="button plain" href={`/api/v1/access/export?by=${by}&format=${format}`} download>{`By ${by}, ${format.toUpperCase()}`}</a>))}
        </>
      )}
    >
      {person === undefined ? <Empty title="Whose view?" acts={<Button look="filled" onClick={() => setPicking(true)}>Choose a person</Button>}>See what somebody can find, read, change and do here, and why.</Empty> : (
        <>
          {may({ verb: 'act', record: 'access', name: 'simulate' }) && <Part title={`As ${name}`}><AsPerson person={person} /></Part>}
          {may({ verb: 'act', record: 'access', name: 'explain' }) && <Part title="Why?"><Why person={person} key={person} /></Part>}
        </>
      )}
      {picking && <PickPerson title="Whose view?" onClose={() => setPicking(false)} onPick={async (chosen) => { setPicking(false); setFilters({ person: chosen.id }) }} />}
    </Screen>
  )
}

function AsPerson({ person }: { person: string }) {
  const words = useWords()
  const query = useQuery({ queryKey: [`/access/as/${person}`], queryFn: ({ signal }) => get<MyAccess>(`/access/as/${encodeURIComponent(person)}`, undefined, signal) })
  return <Loaded query={query}>{(access) => <Reached access={access} words={words} />}</Loaded>
}

function Reached({ access, words }: { access: MyAccess; words: Words }) {
  const found = Object.entries(access.records).filter(([, reach]) => reach.find || reach.act.length > 0)
  if (found.length === 0) return <p className="soft">Nothing at all.</p>
  const fields = (record: string, names: readonly string[]): string => {
    const type = words.records[record]
    if (names.length === 0) return '–'
    return type !== undefined && names.length === Object.keys(type.fields).length ? 'every field' : names.map((name) => type?.fields[name]?.title ?? name).join(', ')
  }
  return (
    <table className="list">
      <caption className="hidden">What they can do</caption>
      <thead><tr><th scope="col">Of what</th><th scope="col">Read</th><th scope="col">Change</th><th scope="col">Do</th></tr></thead>
      <tbody>
        {found.map(([record, reach]) => (
          <tr key={record}>
            <td className="main-cell">{words.records[record]?.title ?? record}</td>
            <td data-label="Read">{reach.find ? fields(record, reach.read) : 'cannot find any'}</td>
            <td data-label="Change">{fields(record, reach.write)}</td>
            <td data-label="Do">{reach.act.join(', ') || '–'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
