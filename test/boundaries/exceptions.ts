/**
 * What the rules let pass, each with its reason. A line that lets nothing pass any more is itself a violation, so that
 * this list stays as short as it is true.
 */
export interface Exception {
  rule: string
  /** A file; a whole folder where it ends in `/`. */
  file: string
  /** The file or package reached; every one when absent. */
  target?: string
  why: string
}

/** Rooms inside a room of core that have a door of their own, and why they do. */
export const SUB_DOORS: Readonly<Record<string, string>> = {
  'check/declared': 'the command line reads and tries declarations with no database at hand',
  'check/pushed': 'the route of pushed observations verifies signatures without the engine',
  'check/runner': 'the runner is a program of its own inside another network: it must not load the engine',
}

export const EXCEPTIONS: readonly Exception[] = [
  { rule: 'surface', file: 'src/surfaces/cli/start.ts', target: 'src/installation.ts', why: '`start` is the command that runs the composition root' },
  { rule: 'surface', file: 'src/surfaces/cli/log.ts', target: 'src/succession.ts', why: '`log succeed` works on a stopped installation, composed as small as it can be' },
  { rule: 'room', file: 'src/surfaces/cli/client.ts', target: 'src/surfaces/http/operator.ts', why: 'the two ends of one door: where socket and token lie is decided once' },
  { rule: 'room', file: 'src/surfaces/cli/client.ts', target: 'src/surfaces/http/problem.ts', why: 'the client reads the problems that the server writes' },
  { rule: 'room', file: 'test/servers/debian-postgres.ts', target: 'src/core/database/account.ts', why: 'the tests start a server as the account that the launcher would take' },
  { rule: 'room', file: 'test/journeys/', target: 'src/surfaces/http/operator.ts', why: 'a journey goes through the real door of the operator, and tries it with the wrong key' },
  { rule: 'room', file: 'test/journeys/checks.test.ts', target: 'src/surfaces/worker/watch.ts', why: 'the watch looks once a minute; the journey looks when its own clock says so' },
  { rule: 'room', file: 'src/modules/roles/roles.test.ts', target: 'src/modules/identity/module.ts', why: 'roles and identity ask each other: the test assembles both, as the composition root does' },
  { rule: 'room', file: 'src/modules/integrations/integrations.fixture.ts', target: 'src/modules/roles/module.ts', why: 'webhooks are held against real roles: the fixture assembles both, as the composition root does' },
  { rule: 'room', file: 'test/journeys/console-settings.test.ts', target: 'src/modules/federation/certificate.ts', why: 'certificates of a provider are typed in: they are made as the module makes its own' },
  { rule: 'room', file: 'bench/policy-scores.ts', target: 'src/core/claim/specimens.ts', why: 'the specimens are measured, and no program needs them otherwise' },

  { rule: 'sql', file: 'src/modules/installation/', why: 'these checks try the database itself: what they ask it is the check, and stands where it is judged' },
  { rule: 'sql', file: 'src/core/page/', why: 'each decision about the page is one procedure on its own tables, read together with what it decides' },
  { rule: 'sql', file: 'src/core/check/engine.ts', why: 'one transaction of a run and its slots, which must be seen as a whole' },
  { rule: 'sql', file: 'src/core/check/standing.ts', why: 'the lock and the look that every change of bindings begins with, in one statement each' },
  { rule: 'sql', file: 'src/core/obligation/keeper.ts', why: 'one look at what was told already, inside the decision of what to tell' },
  { rule: 'sql', file: 'src/core/permission/relation.ts', why: 'compiles decisions to conditions on the tables of others, and keeps none of its own' },
  { rule: 'sql', file: 'src/core/organisation/directory.ts', why: 'this file is the store of the directory database' },
  { rule: 'sql', file: 'src/core/jobs/worker.ts', why: 'frees the jobs of a killed worker in the schema of the job queue, which has no store of ours' },
  { rule: 'sql', file: 'src/core/log/sequencer.ts', why: 'the advisory lock belongs to the connection that the sequencer holds' },
  { rule: 'sql', file: 'src/surfaces/http/idempotency.ts', why: 'this file is the store of replayed answers' },
  { rule: 'sql', file: 'src/surfaces/http/health.ts', why: 'asks the database whether it is alive, and nothing else' },
  { rule: 'sql', file: 'src/declared-checks.ts', why: 'joins pushed observations to the tables of checks, where the composition root must choose' },
  { rule: 'sql', file: 'src/surfaces/http/metrics.ts', why: 'counts by the read-only role; a number that nothing else asks for' },
  { rule: 'sql', file: 'src/surfaces/http/spine/audit.ts', why: 'pages through the audit trail by the read-only role; the trail belongs to no single room' },
]
