import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import { call, type CallOptions, type JsonReport } from '../support/call.ts';
import type { Database } from '../support/database.ts';
import type { Files } from '../support/project.ts';
import { root } from '../support/root.ts';
import { smallProject } from '../support/small-project.ts';
import { testDatabase } from '../support/test-database.ts';

const file = readFileSync(join(root, 'test/cli/report.schema.json'), 'utf8');
export const schema = JSON.parse(file) as {
  properties: { outcome: { enum: string[] }; exitCode: { enum: number[] } };
};
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

/** Parses the output of `--json`. @throws if it is not one object on one line, as the JSON schema describes it */
export function readReport(stdout: string): JsonReport {
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`not one object on one line: ${stdout}`);
  const report: unknown = JSON.parse(stdout);
  if (!validate(report))
    throw new Error(`not as the schema says: ${JSON.stringify(validate.errors)}\n${stdout}`);
  return report as JsonReport;
}

/** The words of a command line. */
export const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

/** Runs a command with `--json`, and returns its report. */
export async function report(line: string, options: CallOptions = {}): Promise<JsonReport> {
  const { code, stdout } = await call([...words(line), '--json'], options);
  const result = readReport(stdout);
  expect(code).toBe(result.exitCode);
  return result;
}

/** Creates a {@link smallProject} and an empty database, and returns functions that run the program on both. */
export async function setUp(names: readonly string[], more: Files = {}) {
  const root = smallProject(names, more);
  const database = await testDatabase({ base: false });
  const options = { root, url: database.url };
  return {
    ...options,
    database,
    query: database.query,
    /** Runs a command line, and returns its JSON. */
    run: (line: string) => report(line, options),
    /** Runs a command line, and returns its exit code and what it prints. */
    print: (line: string) => call(words(line), options),
  };
}

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
  expect(plain.stderr.replace(/^(failed|refused|differs): /, '')).toBe(text);
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

/** All tables, indexes, sequences and rows, with the transactions that wrote them: equal if nothing was written. */
export const stateOf = ({ query }: Database) =>
  query<{
    schema: string;
  }>(`SELECT relnamespace::regnamespace::text AS schema, oid, relname, xmin::text,
      CASE WHEN relkind = 'r' THEN
      query_to_xml(format('SELECT t.xmin, t.* FROM %s t', oid::regclass), true, true, '')::text END AS rows
    FROM pg_class WHERE oid >= 16384 ORDER BY oid`);
