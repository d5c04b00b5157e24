import { expect, test } from 'vitest';
import { call } from '../support/call.ts';
import { migration, testProject, type Files } from '../support/project.ts';
import { testDatabase } from '../support/test-database.ts';
import { byName, readBlocks } from './cases.ts';

const sql = (text: string) => `pgm.sql(${JSON.stringify(text)});`;

/**
 * A case has SQL of the application (`base`), files of a project (`prerequisites`, `up`, `down`, `effect`),
 * and commands to `run`. Only the last one may fail: `finds` has its exit code and differences.
 */
test.for(byName(readBlocks('shared-columns.txt')))(
  'objects of the application: %s',
  async ([, { of, effects }]) => {
    const [base = '', commands = '', finds = ''] = ['base', 'run', 'finds'].flatMap(of);
    const { url, query } = await testDatabase({ base: false });
    await query(base);
    const down = of('down');
    const files = of('up').map((up, index) => ({
      [`migrations/000${index + 1}_step.js`]: migration(sql(up), sql(down[index] ?? '')),
      [`migrations/schema/000${index + 1}_step.json`]: effects('effect')[index] ?? {},
    }));
    const first = {
      'migrations/schema/0000_prerequisites.json': effects('prerequisites')[0] ?? {},
      'test/fixtures/base-schema.sql': base,
    };
    const root = testProject(Object.assign({}, first, ...files) as Files);
    const found: string[] = [];
    for (const command of commands.split(', ')) {
      const { json } = await call([...command.split(' '), '--json'], { url, root });
      const { exitCode, differences } = json();
      found.push([exitCode, ...differences.map(({ object }) => object)].join(' '));
    }
    expect(found).toEqual([...found.slice(1).map(() => '0'), finds]);
  },
);
