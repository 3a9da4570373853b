import { useQuery } from '@tanstack/react-query'
import { get } from '../api/client.ts'
import { Button } from '../components/button.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import { Go } from '../components/go.tsx'
import { Raw, RawJson } from '../components/raw.tsx'
import { Loaded } from '../components/record.tsx'
import { useParameter } from '../components/parameter.ts'
import { Part, Screen } from '../components/screen.tsx'
import { copy, saveFile } from '../components/secret.tsx'
import { useShortcuts } from '../components/shortcut.ts'
import { useNavigate } from '@tanstack/react-router'
import { kindOf, type OpenedEntry } from './log-record.ts'
import './log.css'

export default function Entry() {
  const index = useParameter('index')
  const navigate = useNavigate()
  const number = Number(index)
  const entry = useQuery({ queryKey: [`/log/entries/${index}`], queryFn: ({ signal }) => get<OpenedEntry>(`/log/entries/${index}`, undefined, signal) })
  const step = (by: 1 | -1): void => void (number + by >= 0 && navigate({ to: `/log/${number + by}` }))
  useShortcuts([
    { keys: 'j', title: 'The entry after', run: () => step(1) },
    { keys: 'k', title: 'The entry before', run: () => step(-1) },
  ])
  return (
    <Screen title={`Entry ${number.toLocaleString('en-GB')}`} within={{ title: 'Log', to: '/log' }} acts={
      <>
        {number > 0 && <Go to={`/log/${number - 1}`} className="button">The one before</Go>}
        <Go to={`/log/${number + 1}`} className="button">The one after</Go>
      </>
    }>
      <Loaded query={entry}>
        {(found) => (
          <>
            <Part title="What it is">
              <Facts>
                <Fact title="Kind">{kindOf(found)}</Fact>
                <Fact title="About">{found.about.length > 0 && <ul role="list" className="subjects">{found.about.map((name) => <li key={name}><Subject name={name} /></li>)}</ul>}</Fact>
                <Fact title="Leaf"><code>{found.leaf}</code></Fact>
                <Fact title="For strangers">{found.class === 'public' && <a href={`/log/entry/${found.index}`}>envelope and salt, as the log serves them</a>}</Fact>
              </Facts>
            </Part>
            {found.statement === null ? (
              <p className="soft part">{found.class === 'private' ? 'What it commits to is kept encrypted inside, and may have been erased. The log shows only that it was there at this place.' : 'It holds no statement of this installation.'}</p>
            ) : (
              <Part title="Statement">
                <RawJson label="Statement" value={found.statement} />
              </Part>
            )}
            <Part title="Receipt and proof">
              <p className="soft">The receipt is the log’s signed promise to include this leaf; the proof shows, without asking us, that it did.</p>
              <Raw label="Receipt" text={found.receipt} />
              <div className="acts">
                <Button onClick={() => copy(found.receipt)}>Copy the receipt</Button>
                <Button onClick={() => saveFile(`entry-${found.index}.receipt`, 'text/plain', found.receipt)}>Download the receipt</Button>
                {found.proof !== null && <Button onClick={() => saveFile(`entry-${found.index}.tlog-proof`, 'text/plain', found.proof!)}>Download the proof</Button>}
              </div>
            </Part>
          </>
        )}
      </Loaded>
    </Screen>
  )
}

function Subject({ name }: { name: string }) {
  const [kind, id = ''] = name.split(/:(.*)/s)
  if (kind === 'claim') return <Go to={`/claims/${id}`}>{name}</Go>
  if (kind === 'check') return <Go to={`/checks/one?id=${encodeURIComponent(id)}`}>{name}</Go>
  return <code>{name}</code>
}
