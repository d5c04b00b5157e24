import { expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { merged, setUp, sqlStep, type Files } from '../support/project.ts';

const keys = ['base', 'prerequisites', 'up', 'down', 'effect', 'run', 'finds'] as const;
const cases = byName(readBlocks('check/shared-columns.txt', keys));

/**
 * A case has SQL of the application (`base`), files of a project (`prerequisites`, `up`, `down`, `effect`),
 * and commands to `run`. Only the last one may fail: `finds` has its exit code and differences.
 */
test.for(cases)('objects of the application: %s', async ([, { of, first, effect, effects }]) => {
  const given: Files = {
    'migrations/schema/0000_prerequisites.json': effect('prerequisites'),
    'test/fixtures/base-schema.sql': first('base'),
  };
  const steps = of('up').map((up, index) =>
    sqlStep(`000${index + 1}_step`, effects('effect')[index] ?? {}, up, of('down')[index]),
  );
  const { run } = await setUp(merged([given, ...steps]), first('base'));
  const found: string[] = [];
  for (const command of first('run').split(', ')) {
    const { exitCode, differences } = await run(command);
    found.push([exitCode, ...differences.map(({ object }) => object)].join(' '));
  }
  expect(found).toEqual([...found.slice(1).map(() => '0'), first('finds')]);
});
