/* global AbortController, console -- Node has them, the linter is not told for .mjs in test/ */
/**
 * Mutation testing of the check: changes one line or one word of what reads and compares the schema, and looks whether
 * the alarm cases, the silence and the committed effects notice. Not part of `npm test`; takes a while:
 *
 *   node test/mutate.mjs [pattern of the files] [first line]
 *
 * Every case's two databases (as made, and spoiled) are made once, by the program as it is. A mutant is killed when it
 * says something else of one of them, or cannot be run at all. Prints the survivors, and the score.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { mutationsOf } from './support/mutations.mjs';

const TARGETS = ['catalog', 'compare', 'effects', 'normalize'].map((name) => `schema/${name}.ts`);
const root = fileURLToPath(new URL('..', import.meta.url));
const work = join('/tmp', `mutate-${process.pid}`);
const wanted = new RegExp(process.argv[2] ?? '');
const firstLine = Number(process.argv[3] ?? 1);

const compile = (text) =>
  ts.transpileModule(text, { compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 } })
    .outputText;

/** A copy of the program and of the cases in JavaScript, which mutants are made from. */
const base = join(work, 'base');
mkdirSync(base, { recursive: true });
for (const name of ['scripts', 'test', 'migrations', '.node-pg-migraterc.json'])
  cpSync(join(root, name), join(base, name), { recursive: true });
for (const file of ts.sys.readDirectory(base, ['.ts'])) {
  if (!file.endsWith('.d.ts')) writeFileSync(file.replace(/\.ts$/, '.js'), compile(readFileSync(file, 'utf8')));
  rmSync(file);
}
cpSync(join(root, 'package.json'), join(base, 'package.json'));
symlinkSync(join(root, 'node_modules'), join(base, 'node_modules'));
const load = (path) => import(pathToFileURL(join(base, path)).href);
const { main } = await load('scripts/main.js');
const { allCases } = await load('test/alarm/all.js');
const { workflowCases } = await load('test/alarm/workflow.js');
const { elsewhere, sensitive, settings } = await load('test/alarm/quiet.js');
const { makeDatabase, fixture } = await load('test/support/database.js');
const { startEmbedded } = await load('test/support/embedded.js');

/** Writes files into a folder; what is no string is written as JSON. */
function write(folder, files) {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), typeof content === 'string' ? content : JSON.stringify(content));
  }
}

const server = await startEmbedded({
  settings: { fsync: 'off', synchronous_commit: 'off', max_connections: '50', statement_timeout: '20000' },
});
const major = Number(
  (await (await makeDatabase(server.url)).query('SHOW server_version_num'))[0].server_version_num.slice(0, 2),
);

/** Runs a version of the program; gives its exit code and its differences. */
async function run(program, argv, url, folder) {
  let stdout = '';
  const code = await program({
    argv: [...argv, '--json'],
    env: { DATABASE_URL: url },
    root: folder,
    stdout: (text) => (stdout += text),
    stderr: () => undefined,
    color: false,
    signal: new AbortController().signal,
  });
  return { code, differences: JSON.parse(stdout).differences };
}

/** What has to be said of which database, by whichever version. */
const expectations = [];
let number = 0;
async function scene(name, sql, effect) {
  const folder = join(work, `project-${(number += 1)}`);
  write(folder, {
    'package.json': { type: 'module' },
    '.node-pg-migraterc.json': { 'migrations-dir': 'migrations', schema: 'public' },
    'migrations/schema/0000_prerequisites.json': {},
    'migrations/schema/0001_make.json': effect ?? {},
    'migrations/0001_make.js': `export const up = (pgm) => pgm.sql(${JSON.stringify(sql)});\nexport const down = false;\n`,
  });
  const database = await makeDatabase(server.url);
  if (effect === undefined) await run(main, ['snapshot'], database.url, folder);
  await run(main, ['up', '--strict'], database.url, folder);
  expectations.push({ name: `${name}, unspoiled`, url: database.url, folder, wanted: '[]' });
  return { database, folder };
}
await scene('every kind', fixture('every-kind.sql'), JSON.parse(fixture('every-kind.json')));
const quiet = await scene('quiet', sensitive);
const head = { database: await makeDatabase(server.url), folder: base };
await head.database.query(fixture('base-schema.sql'));
await run(main, ['up', '--strict'], head.database.url, base);

/** A copy of a scene's database in which something happened, and what the check has to say of it. */
async function spoil(name, { database, folder }, sql, differences) {
  const copy = await makeDatabase(server.url, { template: database.name });
  await copy.query(sql.replaceAll('DATABASE_NAME', copy.name));
  expectations.push({ name, url: copy.url, folder, wanted: JSON.stringify(differences) });
}
const jobs = [
  ...settings.map((setting) => () => spoil(setting, quiet, `ALTER DATABASE DATABASE_NAME SET ${setting}`, [])),
  ...Object.entries(elsewhere).map(
    ([name, sql]) =>
      () =>
        spoil(name, head, sql, []),
  ),
  ...workflowCases.map(
    ({ name, spoil: sql, differences }) =>
      () =>
        spoil(name, head, sql, differences),
  ),
];
const byMake = new Map();
for (const [kind, cases] of Object.entries(allCases))
  for (const { name, make, spoil: sql, differences, since = 0 } of cases)
    if (since <= major) byMake.set(make, [...(byMake.get(make) ?? []), [`${kind}: ${name}`, sql, differences]]);
for (const [make, cases] of byMake)
  jobs.push(async () => {
    const made = await scene(cases[0][0], make);
    for (const [name, sql, differences] of cases) await spoil(name, made, sql, differences);
  });
const worker = async () => {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) await job();
};
await Promise.all([worker(), worker(), worker(), worker()]);

/** An expectation that a version does not meet, if any; what killed last comes first next time. */
async function killer(program) {
  for (let start = 0, size = 4; start < expectations.length; start += size, size = 16) {
    const some = expectations.slice(start, start + size);
    const met = await Promise.all(some.map((each) => isMet(program, each)));
    const failed = some.find((_, index) => !met[index]);
    if (failed === undefined) continue;
    expectations.splice(expectations.indexOf(failed), 1);
    expectations.unshift(failed);
    return failed.name;
  }
  return undefined;
}
async function isMet(program, { url, folder, wanted: text }) {
  const said = await run(program, ['check', '--strict'], url, folder).catch(() => undefined);
  return said !== undefined && said.code === (text === '[]' ? 0 : 6) && same(said.differences, text);
}
const canonical = (list) =>
  JSON.stringify(list.map(({ kind, object, expected, found }) => [kind, object, expected, found]));
const same = (found, text) => canonical(found) === canonical(JSON.parse(text));

const wrong = await killer(main);
if (wrong !== undefined) throw new Error(`the program as it is does not pass: ${wrong}`);
console.log(`${expectations.length} databases are ready`);

let [made, killed] = [0, 0];
const survivors = [];
for (const target of TARGETS.filter((name) => wanted.test(name))) {
  const lines = readFileSync(join(root, 'scripts', target), 'utf8').split('\n');
  const original = compile(lines.join('\n'));
  for (const [index, line] of lines.entries()) {
    if (index + 1 < firstLine) continue;
    for (const [what, altered] of mutationsOf(line)) {
      const text = lines.with(index, altered).join('\n');
      const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
      if (diagnostics?.length || compile(text) === original) continue;
      made += 1;
      const folder = join(work, `mutant-${made}`);
      cpSync(join(base, 'scripts'), join(folder, 'scripts'), { recursive: true });
      cpSync(join(base, 'package.json'), join(folder, 'package.json'));
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      writeFileSync(join(folder, 'scripts', target.replace('.ts', '.js')), compile(text));
      const program = await import(pathToFileURL(join(folder, 'scripts/main.js')).href).catch(() => undefined);
      const by = program === undefined ? 'it cannot be loaded' : await killer(program.main);
      rmSync(folder, { recursive: true, force: true });
      if (by !== undefined) killed += 1;
      else survivors.push(`${target}:${index + 1} ${what}: ${line.trim()}`);
      console.log(
        `${made} ${by === undefined ? 'SURVIVED' : 'killed'} ${target}:${index + 1} ${what} (${by ?? line.trim()})`,
      );
    }
  }
}
console.log(
  `\n${killed} of ${made} mutants killed (${Math.round((1000 * killed) / made) / 10} %); survivors:\n${survivors.join('\n')}`,
);
await server.stop();
rmSync(work, { recursive: true, force: true });
process.exit(0);
