/** What is measured: each workload is a set of contenders that do the same. */
import type { Database } from '../support/database.js';
import { addOtherTables, type Server } from './databases.js';
import { floor, framework, idle, ours, peers, type Start } from './contenders.js';
import { run, type Contender } from './measure.js';
import { generatedProject, type Project } from './projects.js';
import { openSlowLink, type SlowLink } from './slow-link.js';
import { sqlForms } from './sql.js';

export interface Workload {
  readonly name: string;
  readonly contenders: readonly Contender[];
  /** How often, at most: what takes many seconds is not done twenty times. */
  readonly repetitions: number;
  readonly after?: () => void;
}

/** Milliseconds that a distant server's answers, and what it is sent, are under way. */
const LINK_DELAY = 50;

export interface Scale {
  /** Only this program and the CLI. */
  readonly quick: boolean;
}

/** Each run has a database of its own, made beforehand and dropped afterwards. */
function onNew(server: Server, from: 'base' | 'empty', starts: Readonly<Record<string, Start>>): Contender[] {
  return Object.entries(starts).map(([name, start]) => ({
    name,
    prepare: async () => {
      const database = await server.database(from);
      return { command: start(database.url), after: () => database.drop() };
    },
  }));
}

/** All runs have one database, in which nothing is left to do, because they were run on it before. */
async function onDone(
  server: Server,
  from: 'base' | 'empty',
  starts: Readonly<Record<string, Start>>,
  link?: SlowLink,
): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const [name, start] of Object.entries(starts)) {
    const database = await server.database(from);
    const { file, args, cwd, env } = start(database.url);
    const { code, output } = await run([file, ...args], cwd, env);
    const url = link?.through(database.url) ?? database.url;
    if (code === 0) contenders.push({ name, prepare: () => Promise.resolve({ command: start(url) }) });
    else console.error(`${name} is left out: ${output.slice(-1000)}`);
  }
  return contenders;
}

const on = (database: Database, name: string, start: Start): Contender => ({
  name,
  prepare: () => Promise.resolve({ command: start(database.url) }),
});

/** The five migrations of this project, on the application's base schema. */
export async function repositoryWorkloads(server: Server, project: Project, { quick }: Scale): Promise<Workload[]> {
  const forms = await sqlForms(project, (await server.database('base')).url);
  const [others, idles] = quick ? [] : [peers(forms), idle(forms)];
  const starts = { ...ours(project, 'up'), ...framework(project), ...others };
  const link = await openSlowLink(server.url, LINK_DELAY);
  const slow = { compiled: ours(project, 'up').compiled, CLI: framework(project).CLI };
  return [
    { name: 'fresh', contenders: onNew(server, 'base', { ...starts, ...floor(forms) }), repetitions: 15 },
    { name: 'nothing to do', contenders: await onDone(server, 'base', { ...starts, ...idles }), repetitions: 25 },
    {
      name: `nothing to do, ${LINK_DELAY} ms away each way`,
      contenders: await onDone(server, 'base', slow, link),
      repetitions: 11,
      after: link.stop,
    },
  ];
}

/** A thousand small migrations, on an empty database. */
export async function thousandWorkloads(server: Server, repository: Project, { quick }: Scale): Promise<Workload[]> {
  const project = generatedProject(1000, repository);
  const forms = await sqlForms(project, (await server.database('empty')).url);
  const [others, idles] = quick ? [] : [peers(forms), idle(forms)];
  const starts = { ...ours(project, 'up'), ...framework(project), ...others };
  return [
    {
      name: '1,000 applied, nothing to do',
      contenders: await onDone(server, 'empty', { ...starts, ...idles }),
      repetitions: 11,
    },
    { name: '1,000 pending', contenders: onNew(server, 'empty', { ...starts, ...floor(forms) }), repetitions: 9 },
  ];
}

/** `check`, where more and more is there that is not this project's, and where more and more is. */
export async function checkWorkloads(server: Server, repository: Project, { quick }: Scale): Promise<Workload[]> {
  const up = ours(repository, 'up').compiled;
  const check = ours(repository, 'check').compiled;
  const alone = await server.database('base');
  const { file, args, cwd, env } = up(alone.url);
  const { code, output } = await run([file, ...args], cwd, env);
  if (code !== 0) throw new Error(output);
  const crowded = await server.database(alone);
  await addOtherTables(crowded, 10_000);
  const growth: Contender[] = [];
  for (const count of quick ? [] : [10, 100, 1000]) {
    const project = generatedProject(count, repository);
    const [done] = await onDone(server, 'empty', { [String(count)]: ours(project, 'up').compiled });
    if (done === undefined) continue;
    const { command } = await done.prepare();
    const args = [...command.args.slice(0, -1), 'check'];
    growth.push({
      name: `${count} migrations and tables`,
      prepare: () => Promise.resolve({ command: { ...command, args } }),
    });
  }
  const contenders = [on(alone, 'alone', check), on(crowded, 'beside 10,000 other tables', check)];
  return [
    { name: 'check beside 10,000 other tables', contenders, repetitions: 21 },
    ...(quick
      ? []
      : [{ name: 'check with 10, 100, 1,000 migrations and tables', contenders: growth, repetitions: 11 }]),
  ];
}
