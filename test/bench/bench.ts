/** Everything in its order: server, projects, workloads, report. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { twoAtOnce } from './at-once.js';
import { startBenchServer } from './databases.js';
import { foldTimes } from './fold.js';
import { installedSizes } from './installed.js';
import { interleave, type Sample } from './measure.js';
import { repositoryProject } from './projects.js';
import { report } from './report.js';
import { checkWorkloads, repositoryWorkloads, thousandWorkloads } from './workloads.js';

const RESULTS = fileURLToPath(new URL('RESULTS.md', import.meta.url));

export async function bench({ quick }: { readonly quick: boolean }): Promise<void> {
  const server = await startBenchServer();
  try {
    const project = repositoryProject();
    const samples = new Map<string, Map<string, Sample[]>>();
    for (const workloads of [repositoryWorkloads, thousandWorkloads, checkWorkloads])
      for (const { name, contenders, repetitions, after } of await workloads(server, project, { quick })) {
        const count = quick ? Math.min(repetitions, 3) : repetitions;
        console.error(`${name}: ${contenders.length} contenders, ${count} times`);
        samples.set(name, await interleave(contenders, count));
        after?.();
      }
    const atOnce = await twoAtOnce(server, project, quick ? 2 : 5);
    const sizes = quick ? [] : await installedSizes();
    const text = report({ samples, atOnce, sizes, folds: foldTimes(), serverVersion: server.version });
    console.log(text);
    if (!quick) writeFileSync(RESULTS, `${text}\n`);
  } finally {
    await server.stop();
  }
}
