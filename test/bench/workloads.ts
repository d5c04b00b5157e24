/** What is measured: in each workload, several contenders do the same work. */
import type { Database } from '../support/database.ts';
import { framework, ours, type Start } from './contenders.ts';
import { addOtherTables, type Server } from './databases.ts';
import { run, type Contender } from './measure.ts';
import { generatedProject, type Project } from './projects.ts';

export interface Workload {
  readonly name: string;
  readonly contenders: readonly Contender[];
  /** How many times each contender runs. With `--quick`, fewer. */
  readonly repetitions: number;
}

type Starts = Readonly<Record<string, Start>>;

/** Each run gets a new database. */
const onNew = (server: Server, from: 'base' | 'empty', starts: Starts): Contender[] =>
  Object.entries(starts).map(([name, start]) => ({
    name,
    prepare: async () => {
      const database = await server.database(from);
      return { command: start(database.url), after: () => database.drop() };
    },
  }));

/** All runs of a contender use one database on which it has run before, so there is nothing to do. */
async function onDone(
  server: Server,
  from: 'base' | 'empty',
  starts: Starts,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const [name, start] of Object.entries(starts)) {
    const database = await server.database(from);
    await finish(start, database);
    contenders.push(on(database, name, start));
  }
  return contenders;
}

async function finish(start: Start, database: Database): Promise<void> {
  const { file, args, cwd, env } = start(database.url);
  const { code, output } = await run([file, ...args], cwd, env);
  if (code !== 0) throw new Error(output);
}

const on = ({ url }: Database, name: string, start: Start): Contender => ({
  name,
  prepare: () => Promise.resolve({ command: start(url) }),
});

/** The migrations of this project, on the application's base schema. */
export async function repositoryWorkloads(server: Server, project: Project): Promise<Workload[]> {
  const starts = { ...ours(project, 'up'), ...framework(project) };
  return [
    { name: 'fresh', contenders: onNew(server, 'base', starts), repetitions: 15 },
    { name: 'nothing to do', contenders: await onDone(server, 'base', starts), repetitions: 25 },
  ];
}

/** A thousand small migrations, on an empty database. */
export async function thousandWorkloads(server: Server, project: Project): Promise<Workload[]> {
  const generated = generatedProject(1000, project);
  const starts = { ...ours(generated, 'up'), ...framework(generated) };
  return [
    { name: '1,000 applied', contenders: await onDone(server, 'empty', starts), repetitions: 11 },
    { name: '1,000 pending', contenders: onNew(server, 'empty', starts), repetitions: 9 },
  ];
}

/** `check` of this project, in a database with its own tables only, and in one with many other tables. */
export async function checkWorkloads(server: Server, project: Project): Promise<Workload[]> {
  const alone = await server.database('base');
  await finish(ours(project, 'up').compiled, alone);
  const crowded = await server.database(alone);
  await addOtherTables(crowded, 10_000);
  const check = ours(project, 'check').compiled;
  const contenders = [on(alone, 'alone', check), on(crowded, 'beside 10,000 tables', check)];
  return [{ name: 'check', contenders, repetitions: 21 }];
}
