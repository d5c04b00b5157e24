import { migrate } from '../../scripts/migrate.ts';
import type { Failure } from '../../scripts/report/errors.ts';
import type { Difference, Done } from '../../scripts/report/types.ts';
import { noDatabase, root } from './root.ts';

export interface CallOptions {
  /** The value of DATABASE_URL. */
  readonly url?: string;
  /** Other environment variables of the program. */
  readonly env?: Readonly<Record<string, string>>;
  /** The project's folder; by default, this repository. */
  readonly root?: string;
  readonly signal?: AbortSignal;
}

/** What the program prints with `--json`. */
export interface JsonReport {
  readonly command: string | null;
  readonly outcome: string;
  readonly exitCode: number;
  readonly version: string | null;
  readonly applied: readonly Done[];
  readonly reverted: readonly Done[];
  readonly pending: readonly string[];
  readonly differences: readonly Difference[];
  readonly database:
    | (Readonly<Record<'host' | 'name' | 'serverVersion', string>> & { readonly port: number })
    | null;
  readonly milliseconds: number;
  readonly error:
    (Pick<Failure, 'code' | 'message' | 'hint'> & { readonly sqlstate: string | null }) | null;
  readonly output?: string;
}

export interface CallResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly json: () => JsonReport;
}

/** Runs the program in the process of the tests, which is quicker than starting another process. */
export async function call(
  argv: readonly string[],
  options: CallOptions = {},
): Promise<CallResult> {
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
  return { code, ...printed, json: () => JSON.parse(printed.stdout) as JsonReport };
}
