import { expect } from 'vitest';
import { call, readReport, words, type CallOptions, type JsonReport } from '../support/call.ts';

/** A password that no output may contain. */
export const PASSWORD = 'k33p-m3-s3cr3t';
/** A URL where no server listens: a command that tries to connect ends with exit code 3. */
export const nowhere = `postgres://u:${PASSWORD}@127.0.0.1:1/nowhere`;

/**
 * Runs a command that must fail, without options, with `--json`, and with `--verbose`. Expects what every
 * failure must have: the same text each time, a stack trace only with `--verbose`, and the password nowhere.
 */
export async function refused(
  line: string | readonly string[],
  options: CallOptions = { url: nowhere },
): Promise<JsonReport & { readonly error: NonNullable<JsonReport['error']> }> {
  const argv = typeof line === 'string' ? words(line) : line;
  const plain = await call(argv, options);
  const json = await call(['--json', ...argv], options);
  const verbose = await call(['--verbose', ...argv], options);
  const { error, ...result } = readReport(json.stdout);
  if (error === null) throw new Error(`the command did not fail: ${json.stdout}`);
  const text = `${error.message}\n\n${error.hint}\n`;
  expect(plain.code).toBe(result.exitCode);
  expect(plain.stderr).toBe(`${result.outcome}: ${text}`);
  if (result.database === null) expect(plain.stdout).toBe('');
  else expect(plain.stdout).toMatch(`database ${result.database.name} at `);
  expect(verbose.stderr).toContain(text);
  // The command is null if the command line cannot be parsed. Then --verbose is not read either.
  if (result.command !== null) expect(verbose.stderr).toMatch(/^ {4}at /m);
  expect(plain.stderr + json.stderr).not.toMatch(/^ {4}at /m);
  const all = [plain, json, verbose].map(({ stdout, stderr }) => stdout + stderr).join('');
  expect(all).not.toContain(PASSWORD);
  return { ...result, error };
}

/** Expects that a command is refused with this code, and that the message contains these texts. */
export async function expectRefused(
  line: string | readonly string[],
  options: CallOptions,
  code: string,
  ...texts: readonly string[]
) {
  const { error } = await refused(line, options);
  expect([line, error.code]).toEqual([line, code]);
  for (const text of texts) expect(error.message).toContain(text);
}
