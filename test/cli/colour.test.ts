import { expect, test } from 'vitest';
import { migrate } from '../support/migrate.js';

/** An escape code, of whatever kind. */
const ESCAPE = '\u001b[';
const refuse = (env: Record<string, string>) => migrate(['chek'], { env });

test('a pipe gets no colours; NO_COLOR and FORCE_COLOR say what they say', async () => {
  expect((await refuse({})).stderr).toBe(
    'failed: there is no command "chek"; did you mean "check"?\n\nSee the commands and options:  npm run migrate help\n',
  );
  expect((await refuse({ FORCE_COLOR: '1' })).stderr).toContain(`${ESCAPE}31mfailed:${ESCAPE}39m there is no command`);
  for (const env of [
    { FORCE_COLOR: '0' },
    { NO_COLOR: '1' },
    { NO_COLOR: '1', FORCE_COLOR: '1' },
    { CI: 'true' },
  ] as const)
    expect((await refuse({ ...env })).stderr).not.toContain(ESCAPE);
  for (const env of [{ NO_COLOR: '', FORCE_COLOR: '1' }] as const)
    expect((await refuse({ ...env })).stderr).toContain(ESCAPE);
});

test('JSON has no colours, whatever is said', async () => {
  const { stdout, json } = await migrate(['chek', '--json'], { env: { FORCE_COLOR: '1' } });
  expect(stdout).not.toContain(ESCAPE);
  expect(json()).toMatchObject({
    exitCode: 2,
    error: { message: 'there is no command "chek"; did you mean "check"?' },
  });
});
