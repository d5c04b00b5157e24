import { migration, testProject, type Files } from './project.ts';

/** The files of a migration that creates a table with one column, `id`. */
export const createsTable = (number: string, name: string): Files => ({
  [`migrations/${number}_${name}.ts`]: migration(
    `pgm.createTable('${name}', { id: 'integer' });`,
    `pgm.dropTable('${name}');`,
  ),
  [`migrations/schema/${number}_${name}.json`]: {
    [`public.${name}`]: { table: '', 'column id': 'integer NULL' },
  },
});

/** Creates a project. For the names `a` and `b`, its migrations `0001_a` and `0002_b` create these tables. */
export const smallProject = (names: readonly string[], more: Files = {}): string =>
  testProject({
    ...Object.assign({}, ...names.map((name, index) => createsTable(`000${index + 1}`, name))),
    ...more,
  } as Files);
