import { expect, test } from 'vitest';
import { exitCodes } from '../../scripts/report/errors.ts';
import { call, reportSchema, words } from '../support/call.ts';
import { plainRole } from '../support/plain-role.ts';
import { textOf } from '../support/root.ts';
import { testDatabase } from '../support/test-database.ts';
import { creates, setUp } from '../support/project.ts';

const readme = textOf('README.md');

/** The text of the code block after the comment `<!-- name -->` in the README. */
function block(name: string): string {
  const text = new RegExp(`<!-- ${name} -->\\n+\`\`\`\\w*\\n([^]*?)\`\`\`\\n`).exec(readme)?.[1];
  if (text === undefined) throw new Error(`the README has no block ${name}`);
  return text;
}

/** What a terminal shows after this command and `echo $?`, with `app` as the name of the database. */
async function transcript(line: string, url: string): Promise<string> {
  const { code, stdout, stderr } = await call(words(line), { url });
  const output = (stdout + stderr)
    .replace(/^database .*\n/, '')
    .replace(/database test_\w+/, 'database app');
  return `$ npm run migrate ${line}\n${output}$ echo $?\n${code}\n`;
}

test('the help in the README is what `help` prints', async () => {
  expect((await call(['help'])).stdout).toBe(block('help'));
});

test('the refusal in the README is what `up` prints', async () => {
  const { url, query } = await testDatabase();
  await call(['up', '0003'], { url });
  await query(`DROP TABLE pgmigrations; DROP INDEX idx_user_workflows_user_id;
    ALTER TABLE user_workflows ALTER template_id TYPE varchar(200);
    CREATE INDEX idx_user_workflows_user_id ON user_workflows USING hash (user_id)`);
  expect(await transcript('up', url)).toBe(block('transcript: refused'));
});

test('the list of problems in the README is what `up` prints, and the SQL there solves them', async () => {
  const database = await testDatabase();
  const [deploy, owner] = [await plainRole(database), await plainRole(database)];
  await database.query(`ALTER TABLE workflow_executions OWNER TO ${owner.name};
    ALTER FUNCTION update_updated_at_column() OWNER TO ${owner.name}`);
  const shown = await transcript('up', deploy.url);
  const named = shown.replaceAll(deploy.name, 'deploy').replaceAll(owner.name, 'app_owner');
  expect(named).toBe(block('transcript: problems'));
  const run = (sql = '') =>
    database.query(sql.replaceAll('deploy', deploy.name).replaceAll('app_owner', owner.name));
  await run(
    block('transcript: problems')
      .match(/GRANT .*;/g)
      ?.join(''),
  );
  expect(await call(['up'], { url: deploy.url })).toMatchObject({ code: 0 });
  const readByApplication = () => run('SET ROLE app_owner; SELECT FROM user_workflows');
  await expect(readByApplication()).rejects.toThrow('permission denied');
  await run(/^`(GRANT SELECT.*;)`/m.exec(readme)?.[1]);
  await readByApplication();
});

/** Commands of the README that other tests run, or that run the tests. */
const elsewhere = /^(npm (ci|test|start|run (db|build|verify|format))|npx node-pg-migrate up)\b/;

test('every command in the README works, or another test runs it', async () => {
  const commands = [
    ...readme.matchAll(/(?:^|`|\$ |- run: |&& )((?:npm (?:run|ci|test|start)|npx)\b[^`&#|\n]*)/gm),
  ].map(([, line = '']) => line.trim());
  expect(commands.length).toBeGreaterThan(15);
  const { print } = await setUp({ ...creates('a', 'b', 'c', 'd'), 'scripts/template.ts': '' });
  for (const command of new Set(commands)) {
    if (elsewhere.test(command) || command.includes('<')) continue;
    const [, line] = /^npm run (?:--silent )?migrate (?:-- )?(.*)$/.exec(command) ?? [];
    if (line === undefined) throw new Error(`nothing runs "${command}" of the README`);
    if (line.startsWith('create')) continue; // Run below, since the next commands would miss its effect.
    expect([command, (await print(line)).code]).toEqual([command, 0]);
  }
  expect(commands.join('\n')).toContain('npm run migrate create ');
  expect((await print('create add-workflow-tags')).code).toBe(0);
});

test('every exit code and outcome is in the README, and in the JSON schema of the report', () => {
  const { outcome, exitCode } = reportSchema.properties;
  expect(exitCode.enum).toEqual([0, ...Object.values(exitCodes), 130, 143]);
  const failed = new Map<string, number>(Object.entries(exitCodes));
  expect(outcome.enum).toEqual(expect.arrayContaining([...failed.keys()]));
  for (const name of outcome.enum)
    expect(readme).toMatch(new RegExp(`^\\| ${failed.get(name) ?? 0} +\\|.*\`${name}\``, 'm'));
});

test('all files to which the README has links exist', () => {
  const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, file = '']) => file);
  expect(links.length).toBeGreaterThan(3);
  for (const file of links) expect(() => textOf(file), file).not.toThrow(/ENOENT/);
});
