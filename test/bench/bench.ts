/** Runs the whole benchmark: starts the server, builds the projects, measures, and writes the report. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startServer } from './databases.ts';
import { measureInTurns, type Sample } from './measure.ts';
import { repositoryProject } from './projects.ts';
import { report } from './report.ts';
import { measureStalls } from './stall.ts';
import { checkWorkloads, repositoryWorkloads, thousandWorkloads } from './workloads.ts';

const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url));

/** @param quick true for few repetitions and rows: prints the report, and does not write it to RESULTS.md */
export async function bench({ quick }: { readonly quick: boolean }): Promise<void> {
  const server = await startServer();
  try {
    const project = repositoryProject();
    const samples = new Map<string, Map<string, Sample[]>>();
    for (const workloads of [repositoryWorkloads, thousandWorkloads, checkWorkloads])
      for (const { name, contenders, repetitions } of await workloads(server, project)) {
        const count = quick ? 2 : repetitions;
        console.error(`${name}: ${contenders.length} contenders, ${count} times`);
        samples.set(name, await measureInTurns(contenders, count));
      }
    const rows = quick ? 50_000 : 2_000_000;
    console.error(`writers of ${rows} executions`);
    const stalls = await measureStalls(server, rows, quick ? 1 : 3);
    const text = report({ samples, stalls, rows, serverVersion: server.version });
    console.log(text);
    if (!quick) writeFileSync(RESULTS, `${text}\n`);
  } finally {
    await server.stop();
  }
}
