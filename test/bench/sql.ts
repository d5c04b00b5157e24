/** The same migrations as plain SQL, one file each, in the forms that the peers read. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './measure.js';
import { work, type Project } from './projects.js';

/** Folders with the migrations of a project, and one file with all of them. */
export interface SqlForms {
  /** Plain files; also what drizzle reads, with its journal. */
  readonly plain: string;
  readonly dbmate: string;
  readonly graphile: string;
  readonly all: string;
}

/** Lines of a plan that are this program's own business: transactions, their settings, comments, the migrations table. */
const OWN = /^(?:--.*|BEGIN ISOLATION.*|COMMIT;|SET LOCAL.*|(?:INSERT INTO|UPDATE) "public"\."pgmigrations".*|)$/;
const LOCK = /DO \$\$ BEGIN\n {2}IF NOT pg_try_advisory_xact_lock[^]*?END \$\$;\n/g;

/** Takes the SQL from `plan`, on a database where all is still to do. Indexes are built in the transaction. */
export async function sqlForms(project: Project, url: string): Promise<SqlForms> {
  const args = [process.execPath, project.compiled, 'plan', 'up', '--json'];
  const { code, output } = await run(args, project.folder, { DATABASE_URL: url });
  if (code !== 0) throw new Error(`no plan: ${output}`);
  const plan = (JSON.parse(output) as { output: string }).output.replaceAll(LOCK, '');
  const [, ...pieces] = plan.split(/^-- (\d{4}_[\w-]+) \(.*$/m);
  const migrations: [name: string, sql: string][] = [];
  for (let index = 0; index + 1 < pieces.length; index += 2)
    migrations.push([pieces[index] ?? '', statements(pieces[index + 1] ?? '')]);
  return writeForms(join(work, `sql-${migrations.length}`), migrations);
}

const statements = (piece: string): string =>
  `${piece
    .split('\n')
    .filter((line) => !OWN.test(line))
    .join('\n')
    .replaceAll(' CONCURRENTLY', '')}\n`;

function writeForms(folder: string, migrations: readonly (readonly [name: string, sql: string])[]): SqlForms {
  const forms = {
    plain: join(folder, 'plain'),
    dbmate: join(folder, 'dbmate'),
    graphile: join(folder, 'graphile'),
    all: join(folder, 'all.sql'),
  };
  for (const path of [join(forms.plain, 'meta'), forms.dbmate, join(forms.graphile, 'migrations/committed')])
    mkdirSync(path, { recursive: true });
  let previous = '-';
  for (const [index, [name, sql]] of migrations.entries()) {
    writeFileSync(join(forms.plain, `${name}.sql`), sql);
    writeFileSync(join(forms.dbmate, `${name}.sql`), `-- migrate:up\n${sql}\n-- migrate:down\n`);
    const body = `${sql.trim()}\n`;
    const hash = `sha1:${createHash('sha1')
      .update(`${previous === '-' ? '' : `${previous}\n`}${body}`)
      .digest('hex')}`;
    const file = `${String(index + 1).padStart(6, '0')}.sql`;
    const text = `--! Previous: ${previous}\n--! Hash: ${hash}\n\n${body}`;
    writeFileSync(join(forms.graphile, 'migrations/committed', file), text);
    previous = hash;
  }
  const entries = migrations.map(([tag], idx) => ({ idx, version: '7', when: idx + 1, tag, breakpoints: true }));
  writeFileSync(
    join(forms.plain, 'meta/_journal.json'),
    JSON.stringify({ version: '7', dialect: 'postgresql', entries }),
  );
  writeFileSync(join(forms.graphile, '.gmrc'), '{}');
  writeFileSync(join(forms.graphile, 'migrations/current.sql'), '');
  writeFileSync(forms.all, migrations.map(([, sql]) => sql).join('\n'));
  return forms;
}
