/** Two processes at once on a fresh database: how often both end well. */
import type { Server } from './databases.js';
import { framework, ours, type Start } from './contenders.js';
import { run } from './measure.js';
import type { Project } from './projects.js';

export interface AtOnce {
  readonly name: string;
  readonly good: number;
  readonly of: number;
}

export async function twoAtOnce(server: Server, project: Project, times: number): Promise<AtOnce[]> {
  const starts = { compiled: ours(project, 'up').compiled, CLI: framework(project).CLI };
  const results: AtOnce[] = [];
  for (const [name, start] of Object.entries(starts)) {
    let good = 0;
    for (let time = 0; time < times; time++) if (await bothEndWell(server, start)) good++;
    results.push({ name, good, of: times });
  }
  return results;
}

async function bothEndWell(server: Server, start: Start): Promise<boolean> {
  const database = await server.database('base');
  const { file, args, cwd, env } = start(database.url);
  const both = await Promise.all([1, 2].map(() => run([file, ...args], cwd, env)));
  await database.drop();
  return both.every(({ code }) => code === 0);
}
