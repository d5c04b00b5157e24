import fc from 'fast-check';
import { expect, test } from 'vitest';
import { testAll } from '../support/everything.js';
import { differencesIn, withMigrated } from './changes.js';

const schemas = testAll ? 100 : 4;

const types = [
  'integer',
  'bigint',
  'text',
  'varchar(20)',
  'uuid',
  'jsonb',
  'timestamptz',
  'timestamp(3)',
  'numeric(8,2)',
  'boolean',
  'date',
  'text[]',
  'bytea',
] as const;
const defaults: Readonly<Record<(typeof types)[number], string>> = {
  integer: '7',
  bigint: '8',
  text: `'it''s'`,
  'varchar(20)': `'v'`,
  uuid: 'gen_random_uuid()',
  jsonb: `'{"a": [1]}'`,
  timestamptz: 'now()',
  'timestamp(3)': `'2024-02-03 04:05:06'`,
  'numeric(8,2)': '1.50',
  boolean: 'true',
  date: 'CURRENT_DATE',
  'text[]': `'{a,b}'`,
  bytea: `'\\x01'`,
};
const column = fc.record({
  type: fc.constantFrom(...types),
  isNotNull: fc.boolean(),
  hasDefault: fc.boolean(),
});
const table = fc.record({
  columns: fc.array(column, { minLength: 1, maxLength: 6 }),
  quoted: fc.boolean(),
  hasKey: fc.boolean(),
  checks: fc.array(fc.nat(5), { maxLength: 2 }),
  uniques: fc.array(fc.nat(5), { maxLength: 2 }),
  indexes: fc.array(
    fc.record({
      column: fc.nat(5),
      isUnique: fc.boolean(),
      isPartial: fc.boolean(),
      isDescending: fc.boolean(),
    }),
    { maxLength: 3 },
  ),
  refersToFirst: fc.boolean(),
});
type Table = typeof table extends fc.Arbitrary<infer T> ? T : never;

const nameOf = (index: number, { quoted }: Pick<Table, 'quoted'>): string =>
  quoted ? `"Table ${index}"` : `table_${index}`;
/** A column of the table, whatever number is drawn. */
const at = ({ columns }: Table, number: number): string => `c${number % columns.length}`;

function sqlOf(tables: readonly Table[]): string {
  return tables
    .map((each, index) => {
      const name = nameOf(index, each);
      const definitions = each.columns.map(({ type, isNotNull, hasDefault }, number) =>
        [
          `c${number} ${type}`,
          isNotNull ? 'NOT NULL' : '',
          hasDefault ? `DEFAULT ${defaults[type]}` : '',
        ].join(' '),
      );
      if (each.hasKey || index === 0) definitions.push('id integer PRIMARY KEY');
      if (each.refersToFirst)
        definitions.push(
          `first integer REFERENCES ${nameOf(0, tables[0] ?? each)} (id) ON DELETE CASCADE`,
        );
      each.checks.forEach((number, i) =>
        definitions.push(
          `CONSTRAINT check_${index}_${i} CHECK (${at(each, number)} IS NOT NULL OR ${i} = 1)`,
        ),
      );
      [...new Set(each.uniques.map((number) => at(each, number)))].forEach((c, i) =>
        definitions.push(`CONSTRAINT unique_${index}_${i} UNIQUE (${c})`),
      );
      const indexes = each.indexes.map((one, i) => {
        const c = at(each, one.column);
        return `CREATE ${one.isUnique ? 'UNIQUE ' : ''}INDEX index_${index}_${i} ON ${name} (${c}${one.isDescending ? ' DESC' : ''})${one.isPartial ? ` WHERE ${c} IS NOT NULL` : ''}`;
      });
      // The first table is there before the others refer to it.
      return [`CREATE TABLE ${name} (${definitions.join(', ')})`, ...indexes].join('; ');
    })
    .join('; ');
}

/** One change of one thing, by name; what cannot be done to the schema that was drawn is left out. */
function alterations(tables: readonly Table[]): string[] {
  return tables.flatMap((each, index) => {
    const name = nameOf(index, each);
    return [
      ...each.columns
        .flatMap(({ isNotNull, hasDefault }, number) => [
          `ALTER TABLE ${name} DROP COLUMN c${number} CASCADE`,
          `ALTER TABLE ${name} RENAME c${number} TO renamed`,
          `ALTER TABLE ${name} ALTER c${number} ${isNotNull ? 'DROP' : 'SET'} NOT NULL`,
          `ALTER TABLE ${name} ALTER c${number} ${hasDefault ? 'DROP DEFAULT' : 'SET DEFAULT NULLIF(now()::text, $$$$)::jsonb'}`,
        ])
        .filter((sql) => !sql.includes('::jsonb')),
      ...each.checks.map((_, i) => `ALTER TABLE ${name} DROP CONSTRAINT check_${index}_${i}`),
      ...each.indexes.map((_, i) => `DROP INDEX index_${index}_${i}`),
      ...each.indexes.map((_, i) => `ALTER INDEX index_${index}_${i} RENAME TO renamed`),
      ...(each.refersToFirst ? [`ALTER TABLE ${name} DROP COLUMN first`] : []),
      `ALTER TABLE ${name} ADD COLUMN added integer`,
      `ALTER TABLE ${name} ADD CONSTRAINT added CHECK (true)`,
      `CREATE INDEX added ON ${name} (c0)`,
      `ALTER TABLE ${name} RENAME TO renamed`,
      `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY`,
      `ALTER TABLE ${name} SET UNLOGGED`,
      `DROP TABLE ${name} CASCADE`,
    ];
  });
}

test(`${schemas} random schemas match after up, and one random change is detected`, async () => {
  const drawn = fc.tuple(fc.array(table, { minLength: 1, maxLength: 3 }), fc.nat());
  const property = fc.asyncProperty(drawn, async ([tables, number]) => {
    const all = alterations(tables);
    const alteration = all[number % all.length] ?? '';
    // `withMigrated` makes sure that nothing differs before.
    await withMigrated(sqlOf(tables), async (database, root) => {
      // Some cannot be done: a table that a logged one refers to cannot become unlogged.
      const isDone = await database.query(alteration).then(
        () => true,
        () => false,
      );
      fc.pre(isDone);
      expect(await differencesIn(database, root), alteration).not.toEqual([]);
    });
  });
  await fc.assert(property, { numRuns: schemas });
});
