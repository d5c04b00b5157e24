/** The folders in which the contenders run: inside the repository, so that Node.js finds its packages. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Effect } from '../../scripts/schema/effects.ts';
import { root } from '../support/root.ts';

/** The folder for all files of the benchmark. git ignores it. */
export const work = join(root, '.cache/bench');

const SETTINGS = {
  'migrations-dir': 'migrations',
  'migrations-schema': 'public',
  schema: 'public',
};
const FRAMEWORK = join(root, 'node_modules/node-pg-migrate/bin/node-pg-migrate.js');

/** A folder with migrations, in which this program (both forms) and node-pg-migrate's CLI can run. */
export interface Project {
  readonly folder: string;
  /** The path of `dist/scripts/migrate.js`, which `npm run build` writes. */
  readonly compiled: string;
  readonly cli: string;
}

/** Copies the program and the migrations of this repository, and builds them. */
export function repositoryProject(): Project {
  const folder = join(work, 'repository');
  rmSync(work, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of [
    '.node-pg-migraterc.json',
    'tsconfig.json',
    'rolldown.config.ts',
    'migrations',
    'scripts',
  ])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  return built(folder, join(folder, 'dist/scripts/migrate.js'), 'scripts');
}

/** Writes a project with `count` small migrations. Each creates a table, and has an effect file. */
export function generatedProject(count: number, { compiled }: Project): Project {
  const folder = join(work, `generated-${count}`);
  const migrations = join(folder, 'migrations');
  mkdirSync(join(migrations, 'schema'), { recursive: true });
  const json = (path: string, value: object) =>
    writeFileSync(join(folder, path), `${JSON.stringify(value, null, 2)}\n`);
  json('.node-pg-migraterc.json', SETTINGS);
  json('migrations/schema/0000_prerequisites.json', {});
  for (let number = 1; number <= count; number++) {
    const name = `${String(number).padStart(4, '0')}_create-table`;
    writeFileSync(join(migrations, `${name}.ts`), migration(`t${number}`));
    json(`migrations/schema/${name}.json`, effect(`t${number}`));
  }
  for (const name of ['rolldown.config.ts', 'scripts'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  return built(folder, compiled, '../repository/scripts');
}

/**
 * Writes a package.json, whose scripts start the program of this repository and the framework's CLI. Then
 * does what `npm run build` does.
 */
function built(folder: string, compiled: string, scripts: string): Project {
  const migrate = `node ${scripts}/ts-node.cjs ${scripts}/migrate.ts`;
  const cli = `node ${FRAMEWORK} -f .node-pg-migraterc.json`;
  const manifest = {
    name: 'bench',
    version: '1.0.0',
    private: true,
    type: 'module',
    scripts: { migrate, cli },
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  const rolldown = join(root, 'node_modules/rolldown/bin/cli.mjs');
  execFileSync(process.execPath, [rolldown, '--config'], { cwd: folder });
  return { folder, compiled, cli: FRAMEWORK };
}

/** The text of a migration that creates a table. */
const migration = (table: string) => `import type { MigrationBuilder } from 'node-pg-migrate';

export function up(pgm: MigrationBuilder): void {
  pgm.createTable('${table}', {
    id: { type: 'integer', primaryKey: true },
    name: { type: 'text', notNull: true },
  });
}

export function down(pgm: MigrationBuilder): void {
  pgm.dropTable('${table}');
}
`;

/** The effect of a migration that creates a table. */
const effect = (table: string): Effect => ({
  [`public.${table}`]: {
    table: '',
    'column id': 'integer NOT NULL',
    'column name': 'text NOT NULL',
    [`constraint ${table}_pkey`]: 'PRIMARY KEY (id)',
  },
});
