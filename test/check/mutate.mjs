/* global console -- Node has it, the linter is not told for .mjs in test/ */
/**
 * Mutation testing of the check: changes one line or one word of what reads and compares the schema, and looks whether
 * the alarm cases, the silence and the committed effects notice. Not part of `npm test`; takes a while:
 *
 *   node test/mutate.mjs [pattern of the files] [first line]
 *
 * A mutant is killed when it says something else than the cases do of one of their databases, or cannot be run at all.
 * Prints the survivors, and the score.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import ts from 'typescript';
import { Judge } from './mutation-judge.mjs';
import { makeScenes } from './mutation-scenes.mjs';
import { mutationsOf } from './mutations.mjs';

const TARGETS = ['catalog', 'everything', 'compare', 'effects', 'normalize', 'model'].map(
  (name) => `schema/${name}.ts`,
);
const root = fileURLToPath(new URL('..', import.meta.url));
const work = join('/tmp', `mutate-${process.pid}`);
const wanted = new RegExp(process.argv[2] ?? '');
const firstLine = Number(process.argv[3] ?? 1);

const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, removeComments: true };
const compile = (text) => ts.transpileModule(text, { compilerOptions }).outputText;

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
symlinkSync(join(root, '.cache'), join(base, '.cache'));

const load = (path, folder = base) => import(pathToFileURL(join(folder, path)).href);
/** The modules that make up a version of the check. */
const versionIn = async (folder) => ({
  catalog: await load('scripts/schema/catalog.js', folder),
  everything: await load('scripts/schema/everything.js', folder),
  compare: await load('scripts/schema/compare.js', folder),
  effects: await load('scripts/schema/effects.js', folder),
  inspect: await load('scripts/database/inspect.js', folder),
  // All else has to find what it imports.
  main: await load('scripts/main.js', folder),
});

const { startEmbedded } = await load('test/support/embedded.js');
const { installedMajor } = await load('test/support/binaries.js');
const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '900' };
const server = await startEmbedded({ settings });
/** What normalize.ts makes of older definitions is seen on an older server alone. */
const older = await startEmbedded({ settings, major: 14 });
const questions = [
  ...(await makeScenes(load, server, installedMajor())),
  ...(await makeScenes(load, older, 14, (kind) => kind.includes('views'))),
];
const judge = new Judge(await versionIn(base), questions, { ...(await load('test/alarm/together.js')) });
const wrong = await judge.killer(await versionIn(base));
if (wrong !== undefined) throw new Error(`the program as it is does not pass: ${wrong}`);
const started = Date.now();
console.log(`${questions.length} databases are ready after ${Math.round(process.uptime())} s`);

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
      const by = await killerOf(target, text);
      const place = `${target}:${index + 1} ${what}`;
      if (by !== undefined) killed += 1;
      else survivors.push(`${place}: ${line.trim()}`);
      console.log(`${made} ${by === undefined ? `SURVIVED ${place} ${line.trim()}` : `killed ${place} (${by})`}`);
    }
  }
}
const seconds = Math.round((Date.now() - started) / 1000);
console.log(`\n${killed} of ${made} mutants killed (${Math.round((1000 * killed) / made) / 10} %) in ${seconds} s`);
console.log(`survivors:\n${survivors.join('\n')}`);
await Promise.all([server.stop(), older.stop()]);
rmSync(work, { recursive: true, force: true });
process.exit(0);

async function killerOf(target, text) {
  const folder = join(work, `mutant-${made}`);
  cpSync(join(base, 'scripts'), join(folder, 'scripts'), { recursive: true });
  cpSync(join(base, 'package.json'), join(folder, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'scripts', target.replace('.ts', '.js')), compile(text));
  const version = await versionIn(folder).catch(() => undefined);
  rmSync(folder, { recursive: true, force: true });
  return version === undefined ? 'it cannot be loaded' : await judge.killer(version);
}
