import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { call, words } from '../support/call.ts';
import { testProject, type Files } from '../support/project.ts';
import { textOf } from '../support/root.ts';
import { expectRefused } from './refused.ts';

const template = textOf('scripts/template.ts');
const project = (files: Files = {}) => testProject({ 'scripts/template.ts': template, ...files });
const filesOf = (root: string) => readdirSync(join(root, 'migrations')).sort();

test.for([
  ['create add-tags', 'migrations/0009_a.ts', '0010_add-tags.ts'],
  ['create add-tags', 'migrations/9999_a.js', '10000_add-tags.ts'],
  ['create add-tags', 'migrations/000123_a.ts', '000124_add-tags.ts'],
  ['create Add user_tags now', 'migrations/helper.ts', '0001_add-user-tags-now.ts'],
  ['create add\ttags', 'migrations/helper.ts', '0001_add-tags.ts'],
  ['create 0', 'migrations/helper.ts', '0001_0.ts'],
  ['create 2fa', 'migrations/helper.ts', '0001_2fa.ts'],
] as const)('"%s" after %s makes %s, from the template', async ([line, existing, made]) => {
  const root = project({ [existing]: '' });
  const { code, stdout, stderr } = await call(words(line), { root });
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toContain(`migrations/${made}`);
  expect(stdout).toContain('npm run migrate snapshot');
  expect(filesOf(root)).toEqual([made, existing.replace('migrations/', ''), 'schema'].sort());
  expect(readFileSync(join(root, 'migrations', made), 'utf8')).toBe(template);
  expect(readdirSync(join(root, 'migrations/schema'))).toEqual(['0000_prerequisites.json']);
});

test('a wrong name is refused, and no file is created', async () => {
  const root = project();
  for (const name of ['../up', 'ünder', 'a/b', '-', 'a.b', '; rm', '', '$(id)'])
    await expectRefused(['create', '--', name], { root }, 'command-line');
  expect(filesOf(root)).toEqual(['schema']);
});

test('if the template cannot be read, the message names it, and no file is created', async () => {
  const settings = { '.node-pg-migraterc.json': { 'template-file-name': 'my/template.ts' } };
  for (const [file, root] of [
    ['scripts/template.ts', testProject({})],
    ['scripts/template.ts', testProject({ 'scripts/template.ts/a-folder': '' })],
    ['my/template.ts', project(settings)],
  ] as const) {
    await expectRefused('create add-tags', { root }, 'not-readable', file);
    expect(filesOf(root)).toEqual(['schema']);
  }
});
