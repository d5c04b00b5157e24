import { describe, expect, test } from 'vitest';
import { call } from '../support/call.js';
import { readReport } from './report.js';
import { PASSWORD, refused } from './report.js';

const url = `postgres://u:${PASSWORD}@127.0.0.1:1/nowhere`;

describe('the command line', () => {
  test.for([
    ['', 'no command was given'],
    ['chek', 'there is no command "chek"; did you mean "check"?'],
    ['migrate', 'there is no command "migrate"'],
    ['constructor', 'there is no command "constructor"'],
    ['up --dryrun', 'there is no option "--dryrun"; nothing was run; did you mean "--dry-run"?'],
    ['up --no-dry-run', 'there is no option "--no-dry-run"'],
    ['up --toString', 'there is no option "--toString"'],
    ['up -x', 'there is no option "-x"'],
    ['up --dry-run=no', '--dry-run takes no value, but was given "no"'],
    ['up --lock-wait', '--lock-wait needs a value'],
    ['up --lock-wait=', '--lock-wait'],
    ['up --lock-wait=-1', '--lock-wait takes a number of seconds, and "-1" is none'],
    ['up --retries=1.5', '--retries takes a number, and "1.5" is none'],
    ['up --retries=1e9', '--retries takes a number, and "1e9" is none'],
    [
      'up --lock-timeout=5',
      '--lock-timeout takes a duration with its unit (ms, s, min, h; up to 596h) or "none", and "5" is neither',
    ],
    ['up --lock-timeout=597h', '--lock-timeout takes a duration with its unit (ms, s, min, h; up to 596h)'],
    ['up --statement-timeout=5parsecs', '--statement-timeout takes a duration with its unit'],
    ['up 0', '"0" is no count of migrations: it takes a whole number from 1'],
    ['down -1', '"-1" is no count of migrations: it takes a whole number from 1'],
    ['down 1.5', '"1.5" is no count of migrations: it takes a whole number from 1'],
    ['up 1e9', '"1e9" is no count of migrations: it takes a whole number from 1'],
    ['plan down 0', '"0" is no count of migrations: it takes a whole number from 1'],
    ['redo all', '"all" is no count of migrations: it takes a whole number from 1'],
    ['redo 0001', '"0001" is no count of migrations: it takes a whole number from 1'],
    ['up 1 2', '"up" has no use for "2"; nothing was run'],
    ['check 1', '"check" has no use for "1"; nothing was run'],
    ['create', 'a new migration needs a name'],
    ['create ../../etc/passwd', '"../../etc/passwd" is no name for a migration: it takes letters, digits and hyphens'],
  ] as const)('%s', async ([line, message]) => {
    const report = await refused(line === '' ? [] : line.split(' '), { url });
    expect(report).toMatchObject({ exitCode: 2, outcome: 'usage', database: null });
    expect(report.error?.message.slice(0, message.length)).toBe(message);
  });

  test.for([
    ['that npm kept for itself', ['chek'], { npm_config_json: 'true' }],
    ['that npm kept for itself, in capitals', ['chek'], { NPM_CONFIG_JSON: 'true' }],
    ['with its value', ['chek', '--json=true'], {}],
  ] as const)('--json %s: one object all the same', async ([, argv, env]) => {
    const { stdout } = await call(argv, { env });
    expect(readReport(stdout)).toMatchObject({ command: null, exitCode: 2, error: { code: 'unknown-command' } });
  });
});

describe('the URL', () => {
  const format = `It has this form:  postgres://user:password@host:5432/database
Characters such as @ : / ? # in the password are written %40 %3A %2F %3F %23.`;

  test('none: nothing is guessed', async () => {
    const { error, exitCode } = await refused(['up']);
    expect({ exitCode, ...error }).toMatchObject({
      exitCode: 2,
      code: 'no-database',
      message: 'no database was named: neither DATABASE_URL nor PGHOST is set',
    });
  });

  test('set to nothing, which hides what .env says', async () => {
    expect((await refused(['up'], { url: '' })).error).toMatchObject({
      code: 'no-database',
      message:
        'no database was named: DATABASE_URL is set to nothing (which also hides that of .env), and PGHOST is not set',
    });
  });

  test.for([
    ['mysql', `mysql://u:${PASSWORD}@h/db`, 'DATABASE_URL cannot be read: it does not begin with postgres://'],
    ['not a URL', PASSWORD, 'DATABASE_URL cannot be read: it does not begin with postgres://'],
    [
      'an @ in the password',
      `postgres://u:${PASSWORD}/x@y:z@h:port/db`,
      'DATABASE_URL cannot be read: there is an @ after a / ? or #, which ends user, password and host',
    ],
    ...['/', '?', '#'].map((sign) => [
      `an @ and a ${sign} in the password`,
      `postgres://u:a@${PASSWORD}${sign}x@h/db`,
      'DATABASE_URL cannot be read: there is an @ after a / ? or #, which ends user, password and host',
    ]),
    ['no port', `postgres://u:${PASSWORD}@h:99999/db`, 'DATABASE_URL cannot be read: it is not a URL'],
    ['an unknown sslmode', `postgres://u:${PASSWORD}@127.0.0.1:1/db?sslmode=nonsense`, 'DATABASE_URL cannot be read: '],
    [
      'a certificate that is not there',
      `postgres://u:${PASSWORD}@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=/none`,
      'DATABASE_URL cannot be read: ',
    ],
  ])('%s', async ([, bad, message]) => {
    const { error, exitCode } = await refused(['status'], { url: bad ?? '' });
    expect({ exitCode, code: error?.code }).toEqual({ exitCode: 2, code: 'bad-url' });
    expect(error?.message.slice(0, message?.length)).toBe(message);
    expect(error?.hint).toBe(format);
  });
});
