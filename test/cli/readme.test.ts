import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { help } from '../../scripts/cli/command-line.js';
import { failures } from '../../scripts/report/errors.js';
import { call } from '../support/call.js';
import { root } from '../support/root.js';
import { testDatabase } from '../support/test-database.js';

const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** The block of code after a mark `<!-- name -->`, without its fences. */
function block(name: string): string {
  const text = new RegExp(`<!-- ${name} -->\\n+\`\`\`\\w*\\n([^]*?)\`\`\`\\n`).exec(readme)?.[1];
  if (text === undefined) throw new Error(`the README has no block ${name}`);
  return text;
}

/** What a person sees on a terminal who types the command and then `echo $?`; where they are is left out. */
async function transcript(words: string, url: string): Promise<string> {
  const { code, stdout, stderr } = await call(words.split(' '), { url });
  const output = `${stdout}${stderr}`
    .replace(/^database .*\n/, '')
    .replaceAll(/database \S+ is not/g, 'database app is not');
  return `$ npm run migrate ${words}\n${output}$ echo $?\n${code}\n`;
}

test('the help in the README is what --help prints', async () => {
  expect(block('help')).toBe(`${help}\n`);
  expect((await call(['--help'])).stdout).toBe(`${help}\n`);
});

test('the refusal that the README shows is what happens', async () => {
  const { url, query } = await testDatabase();
  await call(['up'], { url });
  await query('DROP TABLE pgmigrations');
  await query('ALTER TABLE user_workflows ALTER template_id TYPE varchar(200)');
  await query('DROP INDEX idx_user_workflows_user_id');
  await query('CREATE INDEX idx_user_workflows_user_id ON user_workflows USING hash (user_id)');
  expect(await transcript('up', url)).toBe(block('transcript: refused'));
});

test('the list of what is missing that the README shows is what happens', async () => {
  const { url, query } = await testDatabase();
  const [deploy, owner] = [`deploy_${process.pid}`, `owner_${process.pid}`];
  await query(`CREATE ROLE ${deploy} LOGIN PASSWORD 'secret'; CREATE ROLE ${owner}`);
  try {
    await query(`ALTER TABLE workflow_executions OWNER TO ${owner}`);
    await query(`ALTER FUNCTION update_updated_at_column() OWNER TO ${owner}`);
    await query('REVOKE CREATE ON SCHEMA public FROM public');
    const asDeploy = new URL(url);
    [asDeploy.username, asDeploy.password] = [deploy, 'secret'];
    const shown = await transcript('up', asDeploy.href);
    expect(shown.replaceAll(deploy, 'deploy').replaceAll(owner, 'app_owner')).toBe(block('transcript: obstacles'));
  } finally {
    await query(`DROP OWNED BY ${deploy}, ${owner} CASCADE; DROP ROLE ${deploy}, ${owner}`);
  }
});

test('every exit code of the contract is in the README', () => {
  for (const [outcome, code] of Object.entries(failures))
    expect(readme).toMatch(new RegExp(`^\\| ${String(code)} +\\| .*\`${outcome}\``, 'm'));
});
