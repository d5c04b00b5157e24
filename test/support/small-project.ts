import { migration, testProject, type Files } from './project.ts';

const table = (name: string) => ({
  [`public.${name}`]: { table: '', 'column id': 'integer NULL' },
});

/** The files of a migration that makes a table of one column, `id`, and nothing else. */
export const makesTable = (number: string, name: string): Files => ({
  [`migrations/${number}_${name}.ts`]: migration(
    `pgm.createTable('${name}', { id: 'integer' });`,
    `pgm.dropTable('${name}');`,
  ),
  [`migrations/schema/${number}_${name}.json`]: table(name),
});

/** A project for an empty database, whose migrations `0001_a`, `0002_b` and so on make a table each. */
export const smallProject = (names: readonly string[], more: Files = {}): string =>
  testProject({
    ...Object.assign({}, ...names.map((name, index) => makesTable(`000${index + 1}`, name))),
    ...more,
  } as Files);
