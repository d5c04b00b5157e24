import { Ajv2020 } from 'ajv/dist/2020.js';
import { migrate } from '../../scripts/migrate.ts';
import type { Failure } from '../../scripts/report/errors.ts';
import type { Report } from '../../scripts/report/report.ts';
import type { Difference } from '../../scripts/report/types.ts';
import { noDatabase, root, textOf } from './root.ts';

export interface CallOptions {
  /** The value of DATABASE_URL. */
  readonly url?: string;
  /** Other environment variables of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** The project's folder; by default, this repository. */
  readonly root?: string;
  readonly signal?: AbortSignal;
}

type Shared =
  'command' | 'outcome' | 'version' | 'applied' | 'reverted' | 'pending' | 'milliseconds';

/** What the program prints with `--json`. */
export interface JsonReport extends Required<Pick<Report, Shared>> {
  readonly exitCode: number;
  readonly differences: readonly Difference[];
  readonly database: NonNullable<Report['database']> | null;
  readonly error:
    (Pick<Failure, 'code' | 'message' | 'hint'> & { readonly sqlstate: string | null }) | null;
  readonly output?: string;
}

export const reportSchema = JSON.parse(textOf('test/cli/report.schema.json')) as {
  properties: { outcome: { enum: string[] }; exitCode: { enum: number[] } };
};
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(reportSchema);

/** Parses the output of `--json`. @throws if it is not one object on one line, as the JSON schema says */
export function readReport(stdout: string): JsonReport {
  if (!/^\{.*\}\n$/.test(stdout)) throw new Error(`not one object on one line: ${stdout}`);
  const report: unknown = JSON.parse(stdout);
  if (!validate(report))
    throw new Error(`not as the JSON schema says: ${JSON.stringify(validate.errors)}\n${stdout}`);
  return report as JsonReport;
}

/** Runs the program in the process of the tests, which is quicker than starting another process. */
export async function call(argv: readonly string[], options: CallOptions = {}) {
  const printed = { stdout: '', stderr: '' };
  const withoutUrl = options.root === undefined ? noDatabase : {};
  const url = options.url === undefined ? withoutUrl : { DATABASE_URL: options.url };
  const code = await migrate({
    argv,
    env: { ...url, ...options.env },
    root: options.root ?? root,
    stdout: (text) => (printed.stdout += text),
    stderr: (text) => (printed.stderr += text),
    color: false,
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, ...printed };
}

/** The words of a command line. */
export const words = (line: string): string[] => line.split(' ').filter((word) => word !== '');

/** Runs a command with `--json`, and returns its report. @throws if the exit code is another one */
export async function report(line: string, options: CallOptions = {}): Promise<JsonReport> {
  const { code, stdout } = await call([...words(line), '--json'], options);
  const result = readReport(stdout);
  if (code !== result.exitCode) throw new Error(`${line} ended with exit code ${code}: ${stdout}`);
  return result;
}
