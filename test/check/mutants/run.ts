/**
 * Changes one line or word of `scripts/schema` at a time, and looks whether the cases of test/check notice it. Prints
 * the changes that nothing notices, and the score. Not part of `npm test`: it takes some minutes.
 *
 *   node scripts/ts-node.cjs test/check/mutants/run.ts [part of a file's name]
 */
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { startEmbedded } from '../../support/embedded.ts';
import { root } from '../../support/root.ts';
import { mutationsOf } from './mutations.ts';
import { databaseQuestions, pureQuestions, type Question, type Version } from './questions.ts';

const schema = join(root, 'scripts/schema');
const work = fs.mkdtempSync(join(tmpdir(), 'mutants-'));
fs.symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));
fs.writeFileSync(join(work, 'package.json'), '{"type": "module"}');

const { ESNext: module } = ts.ModuleKind;
const compilerOptions = {
  module,
  target: ts.ScriptTarget.ES2023,
  removeComments: true,
  rewriteRelativeImportExtensions: true,
};
const compile = (text: string) =>
  ts.transpileModule(text, { compilerOptions, reportDiagnostics: true });
const originals = new Map(
  fs.readdirSync(schema).map((file) => [file, fs.readFileSync(join(schema, file), 'utf8')]),
);

/** Loads scripts/schema with one file changed. */
let versions = 0;
async function load(changed = '', text = ''): Promise<Version> {
  const folder = join(work, `${(versions += 1)}`);
  fs.mkdirSync(folder);
  for (const [file, original] of originals) {
    const { outputText } = compile(file === changed ? text : original);
    fs.writeFileSync(join(folder, file.replace('.ts', '.js')), outputText);
  }
  const modules = fs
    .readdirSync(folder)
    .map((file) => import(join(folder, file)) as Promise<object>);
  return Object.assign({}, ...(await Promise.all(modules))) as Version;
}

/** An answer as text. What cannot be asked is noticed, too. */
async function answerOf(question: Question, version: Version): Promise<string> {
  try {
    return `answer: ${JSON.stringify(await question(version))}`;
  } catch (error) {
    return `error: ${String(error)}`;
  }
}

async function main(): Promise<void> {
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '500' };
  const majors = [18, 14];
  const servers = await Promise.all(majors.map((major) => startEmbedded({ major, settings })));
  const urls = servers.map(({ url }) => url);
  const questions = [...pureQuestions];
  for await (const one of databaseQuestions(majors, urls)) questions.push(one);
  const unchanged = await load();
  const right = new Map<Question, string>();
  for (const question of questions) right.set(question, await answerOf(question, unchanged));
  console.log(`${questions.length} questions are ready after ${Math.round(process.uptime())} s`);

  /** How a change is noticed, if it is. The question that noticed the last change is asked first. */
  async function noticed(version: Version): Promise<string | undefined> {
    for (const question of questions) {
      const answer = await answerOf(question, version);
      if (answer === right.get(question)) continue;
      questions.splice(questions.indexOf(question), 1);
      questions.unshift(question);
      return answer;
    }
    return undefined;
  }

  const count = { made: 0, noticed: 0, errors: 0 };
  for (const [file, original] of originals) {
    if (!file.includes(process.argv[2] ?? '')) continue;
    const lines = original.split('\n');
    for (const [index, line] of lines.entries())
      for (const [what, altered] of mutationsOf(line)) {
        const text = lines.with(index, altered).join('\n');
        const { diagnostics = [], outputText } = compile(text);
        if (diagnostics.length > 0 || outputText === compile(original).outputText) continue;
        count.made += 1;
        const answer = await load(file, text).then(noticed, () => 'error: it cannot be loaded');
        if (answer === undefined) console.log(`${file}:${index + 1} ${what}: ${line.trim()}`);
        else count[answer.startsWith('error') ? 'errors' : 'noticed'] += 1;
      }
  }
  const sum = count.noticed + count.errors;
  console.log(
    `${sum} of ${count.made} changes are noticed (${((100 * sum) / count.made).toFixed(1)} %), ` +
      `${count.errors} of them by an error, in ${Math.round(process.uptime())} s`,
  );
  fs.rmSync(work, { recursive: true, force: true });
  // The servers stop with this process.
  process.exit(sum / count.made < 0.95 ? 1 : 0);
}

void main();
