import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, onTestFinished, test } from 'vitest';
import { startEmbedded } from '../../support/embedded.ts';
import { root } from '../../support/root.ts';
import { mutationsOf } from './mutations.ts';
import { databaseQuestions, pureQuestions, type Question, type Version } from './questions.ts';

/** The files of scripts/schema to mutate: "1" for all, or a text that their names contain. */
const requested = process.env['TEST_MUTATIONS'];

const schema = join(root, 'scripts/schema');
const work = join(tmpdir(), `mutants-${process.pid}`);
const require = createRequire(join(work, 'any.js'));

const compilerOptions = {
  module: ts.ModuleKind.CommonJS,
  target: ts.ScriptTarget.ES2023,
  removeComments: true,
  rewriteRelativeImportExtensions: true,
};
const compile = (text: string) =>
  ts.transpileModule(text, { compilerOptions, reportDiagnostics: true });
const originals = new Map(
  fs.readdirSync(schema).map((file) => [file, fs.readFileSync(join(schema, file), 'utf8')]),
);

let versions = 0;
/** Compiles scripts/schema with `text` instead of the file `changed`, and loads it. */
function load(changed = '', text = ''): Version {
  versions += 1;
  const folder = join(work, `${versions}`);
  fs.mkdirSync(folder);
  for (const [file, original] of originals) {
    const { outputText } = compile(file === changed ? text : original);
    fs.writeFileSync(join(folder, file.replace('.ts', '.js')), outputText);
  }
  const modules = fs.readdirSync(folder).map((file) => require(join(folder, file)) as object);
  return Object.assign({}, ...modules) as Version;
}

/** An answer as text. An error counts as an answer, so a change that causes one is noticed. */
async function answerOf(question: Question, version: Version): Promise<string> {
  try {
    return `answer: ${JSON.stringify(await question(version))}`;
  } catch (error) {
    return `error: ${String(error)}`;
  }
}

/** All questions with the answers of the unchanged program, on the newest and the oldest PostgreSQL. */
async function rightAnswers(): Promise<Map<Question, string>> {
  const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '500' };
  const majors = [18, 14];
  const servers = await Promise.all(majors.map((major) => startEmbedded({ major, settings })));
  onTestFinished(async () => {
    for (const server of servers) await server.stop();
  });
  const questions = [...pureQuestions];
  const urls = servers.map(({ url }) => url);
  for await (const one of databaseQuestions(majors, urls)) questions.push(one);
  const unchanged = load();
  const right = new Map<Question, string>();
  for (const question of questions) right.set(question, await answerOf(question, unchanged));
  return right;
}

/**
 * Changes one line or word of scripts/schema at a time. A change is noticed if it changes the answer to a
 * question. Prints the changes that are not noticed. Takes some minutes.
 */
test.runIf(requested !== undefined)(
  'the cases of test/check notice 95 % of all changes to scripts/schema',
  { timeout: 0 },
  async () => {
    fs.mkdirSync(work);
    fs.symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));
    onTestFinished(() => {
      fs.rmSync(work, { recursive: true, force: true });
    });
    const right = await rightAnswers();
    const questions = [...right.keys()];
    /** Asks first the question that noticed the previous change. */
    const isNoticed = async (file: string, text: string) => {
      let version: Version;
      try {
        version = load(file, text);
      } catch {
        return true;
      }
      for (const question of questions) {
        if ((await answerOf(question, version)) === right.get(question)) continue;
        questions.splice(questions.indexOf(question), 1);
        questions.unshift(question);
        return true;
      }
      return false;
    };
    let made = 0;
    const unnoticed: string[] = [];
    for (const [file, original] of originals) {
      if (requested !== '1' && !file.includes(requested ?? '')) continue;
      const lines = original.split('\n');
      for (const [index, line] of lines.entries())
        for (const [what, altered] of mutationsOf(line)) {
          const text = lines.with(index, altered).join('\n');
          const { diagnostics = [], outputText } = compile(text);
          if (diagnostics.length > 0 || outputText === compile(original).outputText) continue;
          made += 1;
          if (!(await isNoticed(file, text)))
            unnoticed.push(`${file}:${index + 1} ${what}: ${line.trim()}`);
        }
    }
    console.log([...unnoticed, `${unnoticed.length} of ${made} are not noticed`].join('\n'));
    expect(unnoticed.length / made).toBeLessThan(0.05);
  },
);
