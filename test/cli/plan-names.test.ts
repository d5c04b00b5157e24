import { expect, test } from 'vitest';
import { migration } from '../support/project.ts';
import { hasPsql, psql } from '../support/psql.ts';
import { setUp } from './report.ts';

test.skipIf(!hasPsql)(
  'psql takes no part of a name for a statement, if the name has a line end',
  async () => {
    const { url, print } = await setUp(['a'], {
      'migrations/0002_b.ts': migration(`pgm.createTable('b\\nSELECT 1/0;', {});`, ''),
      'migrations/schema/0002_b.json': { 'public."b\nSELECT 1/0;"': { table: '' } },
    });
    const { stdout } = await print('plan');
    expect(await psql(url, stdout)).toMatchObject({ code: 0 });
  },
);
