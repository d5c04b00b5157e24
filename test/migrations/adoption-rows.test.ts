import { expect, test } from 'vitest';
import { byName, readBlocks } from '../support/blocks.ts';
import { report } from '../support/call.ts';
import { expectAdopted, legacyDatabases } from './adoption.ts';
import { migrations } from '../support/migrations.ts';

const legacyDatabase = legacyDatabases();
const keys = ['table', 'constraint', 'change', 'correct', 'exit', 'rows'] as const;

/** Rows that the expected constraints do not allow. Only somebody who knows their meaning can mend them. */
test.for(byName(readBlocks('migrations/wrong-rows.txt', keys)))(
  'fails on %s, leaves a checked version, and goes on when the rows are corrected',
  async ([, { first }]) => {
    const [table, constraint, exitCode] = [first('table'), first('constraint'), first('exit')];
    const drop = `ALTER TABLE ${table} DROP CONSTRAINT ${constraint} CASCADE`;
    const database = await legacyDatabase(`${drop}; ${first('change')}`);
    const run = (command: string) => report(command, { url: database.url });
    const up = await run('up');
    expect(up.exitCode).toBe(Number(exitCode));
    expect(up.version).toBe(exitCode === '8' ? migrations[2] : null);
    expect(up.error?.message).toContain(constraint);
    // The hint has a query that finds the rows, except for duplicate keys: PostgreSQL names the key.
    const [find = ''] = /SELECT \* FROM [^;]*;/.exec(up.error?.hint ?? '') ?? [];
    if (up.error?.sqlstate === '23505')
      expect(up.error.message).toMatch(/Key \(id\)=\(.+\) is duplicated/);
    else expect(find).toContain(`FROM public.${table}`);
    expect((await database.query(find)).length).toBe(Number(first('rows')));
    expect(await run('check')).toMatchObject({ exitCode: 0, version: up.version });
    // This run commits nothing before the same statement fails, so it ends with 5, and not with 8.
    expect(await run('up')).toMatchObject({ exitCode: 5, version: up.version });
    await database.query(first('correct'));
    expect(await database.query(find)).toEqual([]);
    await expectAdopted(database, { strict: false });
  },
);
