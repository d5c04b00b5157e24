import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { root } from '../../support/root.js';
import { mutationsOf } from './mutations.js';
import { databaseQuestions, pureQuestions, type Question, type Version } from './questions.js';

const schema = join(root, 'scripts/schema');
const files = readdirSync(schema);
const work = mkdtempSync(join(tmpdir(), 'mutants-'));
symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));

const compile = (text: string): string =>
  ts.transpileModule(text, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      removeComments: true,
    },
  }).outputText;
const originals = new Map(files.map((file) => [file, readFileSync(join(schema, file), 'utf8')]));

/** Loads scripts/schema with one file changed. */
let count = 0;
async function load(changed = '', text = ''): Promise<Version> {
  const folder = join(work, `${(count += 1)}`);
  cpSync(schema, folder, { recursive: true });
  for (const [file, original] of originals) {
    rmSync(join(folder, file));
    writeFileSync(
      join(folder, file.replace('.ts', '.js')),
      compile(file === changed ? text : original),
    );
  }
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  const modules = await Promise.all(
    files.map(
      async (file) =>
        (await import(pathToFileURL(join(folder, file.replace('.ts', '.js'))).href)) as object,
    ),
  );
  return Object.assign({}, ...modules) as Version;
}

/** An answer as text; what cannot be asked is noticed, too. */
const answerOf = async (question: Question, version: Version): Promise<string> => {
  try {
    return JSON.stringify(await question.ask(version));
  } catch (error) {
    return `error: ${String(error)}`;
  }
};
const { questions, stop } = await databaseQuestions([18, 14]);
const all = [...pureQuestions, ...questions];
const base = await load();
const right = new Map<Question, string>();
for (const question of all) right.set(question, await answerOf(question, base));
console.log(`${all.length} questions are ready after ${Math.round(process.uptime())} s`);

/** Whether a question is answered in another way. What noticed the last change is asked first. */
async function noticedBy(version: Version): Promise<'error' | 'answer' | undefined> {
  for (const question of all) {
    const answer = await answerOf(question, version);
    if (answer === right.get(question)) continue;
    all.splice(all.indexOf(question), 1);
    all.unshift(question);
    return answer.startsWith('error: ') ? 'error' : 'answer';
  }
  return undefined;
}

const survivors: string[] = [];
let [made, broken] = [0, 0];
for (const file of files.filter((name) => name.includes(process.argv[2] ?? ''))) {
  const original = originals.get(file) ?? '';
  const lines = original.split('\n');
  for (const [index, line] of lines.entries())
    for (const [what, altered] of mutationsOf(line)) {
      const text = lines.with(index, altered).join('\n');
      const { diagnostics = [] } = ts.transpileModule(text, { reportDiagnostics: true });
      if (diagnostics.length > 0 || compile(text) === compile(original)) continue;
      made += 1;
      const by = await load(file, text).then(noticedBy, () => 'error' as const);
      if (by === 'error') broken += 1;
      if (by !== undefined) continue;
      survivors.push(`${file}:${index + 1} ${what}: ${line.trim()}`);
      console.log(survivors.at(-1));
    }
}
const score = (100 * (made - survivors.length)) / made;
console.log(
  `${made - survivors.length} of ${made} changes are noticed (${score.toFixed(1)} %), ${broken} of them by an error;` +
    ` ${Math.round(process.uptime())} s`,
);
await stop();
rmSync(work, { recursive: true, force: true });
process.exit(0);
