import { expect } from 'vitest';
import { call, type CallOptions, type JsonReport } from '../support/call.js';
import { readReport } from '../cli/report-schema.js';

/** A password that no output may hold. */
export const PASSWORD = 'k33p-m3-s3cr3t';

/**
 * Runs the program with bad input, for people, for programs (`--json`) and with `--verbose`, and gives the report.
 *
 * Makes sure of what holds for every refusal: one JSON object on stdout and nothing else there; the same words both
 * ways; no stack trace but with `--verbose`; no password anywhere.
 */
export async function refused(argv: readonly string[], options: CallOptions = {}): Promise<JsonReport> {
  const forPeople = await call(argv, options);
  const forPrograms = await call(['--json', ...argv], options);
  const verbose = await call(['--verbose', ...argv], options);
  const report = readReport(forPrograms.stdout);
  const words = `${report.error?.message ?? ''}\n\n${report.error?.hint ?? ''}\n`;
  expect(forPeople.code).toBe(report.exitCode);
  expect(forPeople.stderr).toMatch(/^(failed|refused): /);
  expect(forPeople.stderr.replace(/^\w+: /, '')).toBe(words);
  if (report.outcome !== 'differs') expect(forPeople.stdout).toBe('');
  expect(verbose.stderr).toContain(words);
  expect(forPeople.stderr + forPrograms.stderr).not.toMatch(/^ {4}at /m);
  for (const { stdout, stderr } of [forPeople, forPrograms, verbose]) expect(stdout + stderr).not.toContain(PASSWORD);
  return report;
}
