import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { JsonReport } from '../support/call.js';
import { root } from '../support/root.js';

const schema = JSON.parse(readFileSync(join(root, 'test/cli/report.schema.json'), 'utf8')) as object;
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);

/**
 * Reads what `--json` printed.
 *
 * @throws when it is not exactly one object on one line, as the published schema describes it
 */
export function readReport(stdout: string): JsonReport {
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`not one object on one line: ${stdout}`);
  const report: unknown = JSON.parse(stdout);
  if (!validate(report)) throw new Error(`not as the schema says: ${JSON.stringify(validate.errors)}\n${stdout}`);
  return report as JsonReport;
}
