import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { call } from '../support/call.js';
import { migration, testProject } from '../support/project.js';
import { testDatabase } from '../support/test-database.js';

function summaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'summary-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'summary.md');
}

/** A project whose effect says something else than its migration does. */
const wrong = () =>
  testProject({
    'migrations/0001_a.ts': migration(`pgm.createTable('a', { id: 'int' });`, `pgm.dropTable('a');`),
    'migrations/schema/0001_a.json': {
      tables: {
        'public.a': {
          kind: 'table',
          columns: { id: { type: 'bigint', null: true } },
          constraints: { either: "CHECK (((id = 1) OR ('a|b' = 'c')))" },
        },
      },
    },
  });

const annotations = (stderr: string) => stderr.split('\n').filter((line) => line.startsWith('::'));

test('a run that succeeds has a summary and no annotation', async () => {
  const { url } = await testDatabase();
  const file = summaryFile();
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file };
  const result = await call(['up', '2'], { url, env });
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(readFileSync(file, 'utf8')).toBe(`### migrate up: applied (exit code 0)

Version: \`0002_create-user-workflows\`
Applied: \`0001_create-workflow-templates\`, \`0002_create-user-workflows\`
`);
});

test('a refused run is annotated, and has its differences in a table', async () => {
  const { url } = await testDatabase({ base: false });
  const file = summaryFile();
  const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file };
  const { code, stderr } = await call(['up'], { url, env, root: wrong() });
  expect(code).toBe(6);
  expect(annotations(stderr)).toHaveLength(1);
  expect(annotations(stderr)[0]).toMatch(
    /^::error (file=migrations\/[\w./]+,)?title=migrate::the schema is not what migration 0001_a leaves behind .*%0A/,
  );
  const summary = readFileSync(file, 'utf8');
  expect(summary).toContain('### migrate up: differs (exit code 6)\n\nVersion: none\n');
  expect(summary).toContain(`| | object | expected | found |
|---|---|---|---|
| changed | \`column public.a.id\` | \`bigint\` | \`integer\` |
| missing | \`constraint public.a.either\` | \`CHECK (((id = 1) OR ('a\\|b' = 'c')))\` |  |
`);
});

test('a broken file is annotated where it is, on one line, with what GitHub escapes', async () => {
  const file = summaryFile();
  const root = testProject({ 'migrations/0001_a.ts': '', 'migrations/schema/0001_a.json': '{ "100%": }' });
  const { stderr } = await call(['up'], {
    url: 'postgres://h/d',
    root,
    env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: file },
  });
  expect(annotations(stderr)).toEqual([
    expect.stringMatching(
      /^::error file=migrations\/schema\/0001_a\.json,(line=1,col=\d+,)?title=migrate::migrations\/schema\/0001_a\.json:1:\d+ is not valid JSON: /,
    ),
  ]);
  const summary = readFileSync(file, 'utf8');
  expect(summary).toMatch(/^### migrate up: usage \(exit code 2\)\n/);
  expect(summary).not.toContain('Version'); // It was not seen.
});

test('a summary is added to what other steps wrote; one that cannot be written fails nothing', async () => {
  const { url } = await testDatabase();
  const file = summaryFile();
  const run = (path: string) => call(['check'], { url, env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: path } });
  await run(file);
  const once = readFileSync(file, 'utf8');
  await run(file);
  expect(readFileSync(file, 'utf8')).toBe(once + once);
  const result = await run('/no/such/folder/summary.md');
  expect(result.code).toBe(0);
  expect(result.stderr).toMatch(/^the step summary could not be written: ENOENT/);
});

test('elsewhere nothing of it', async () => {
  const file = summaryFile();
  const { stderr } = await call(['up'], { env: { GITHUB_STEP_SUMMARY: file } });
  expect(annotations(stderr)).toEqual([]);
  expect(() => readFileSync(file)).toThrow('ENOENT');
});
