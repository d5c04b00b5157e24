import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import manifest from '../../package.json' with { type: 'json' };
import { readReport } from './call.ts';
import { noDatabase, root } from './root.ts';

export interface RunOptions {
  /** The value of DATABASE_URL. */
  readonly url?: string | undefined;
  /** The whole environment of the program, except PATH and HOME, which it gets from this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** By default, the repository's root. */
  readonly cwd?: string;
}

/** A program that was started and may still run. */
export type Running = ReturnType<typeof startProgram>;

/** The script that lets Node.js run a TypeScript file. The scripts in package.json use it, too. */
export const typescript = join(root, 'scripts/ts-node.cjs');

/** The arguments of `node` for the program, as in `npm run migrate`. */
export const sources = [typescript, join(root, 'scripts/migrate.ts')];

/** With MIGRATE_COMPILED=1, tests start the program that `npm run build` has written. */
const isCompiled = process.env['MIGRATE_COMPILED'] === '1';
const program = isCompiled ? [join(root, 'dist/scripts/migrate.js')] : sources;

/** Starts the program in a process of its own. */
export function start(args: readonly string[], options: RunOptions = {}) {
  if (isCompiled && options.cwd !== undefined) compile(options.cwd);
  return startProgram(process.execPath, [...program, ...args], options);
}

/** Copies a project's migrations to `dist/`, for the compiled program: as .mjs, since they have no types. */
function compile(folder: string): void {
  const target = join(folder, 'dist/migrations');
  cpSync(join(folder, 'migrations'), target, { recursive: true });
  for (const file of readdirSync(target))
    if (file.endsWith('.ts'))
      renameSync(join(target, file), join(target, file.replace(/ts$/, 'mjs')));
}

/** The script `migrate` of package.json, with absolute paths, for a project in another folder. */
export const npmScript = manifest.scripts.migrate.replaceAll('scripts/', `${root}scripts/`);

/** Runs the framework's own CLI. */
export function frameworkCli(args: readonly string[], options: RunOptions) {
  const cli = join(root, 'node_modules/node-pg-migrate/bin/node-pg-migrate.js');
  return startProgram(process.execPath, [cli, ...args], options).finished;
}

/** Starts any program. Its environment has only PATH, HOME, and the variables of the options. */
export function startProgram(
  file: string,
  args: readonly string[],
  { url, env, cwd = root }: RunOptions,
) {
  const { PATH, HOME } = process.env;
  const withoutUrl = cwd === root ? noDatabase : {};
  const database = url === undefined ? withoutUrl : { DATABASE_URL: url };
  const child = spawn(file, args, {
    cwd,
    env: { PATH, HOME, ...database, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
  const finished = once(child, 'close').then((ending) => {
    const [code, signal] = ending as [number | null, NodeJS.Signals | null];
    /** What it has printed with `--json`, as {@link readReport} reads it. */
    const json = () => readReport(output.stdout);
    return { code, signal, ...output, json };
  });
  let isOver = false;
  child.once('close', () => (isOver = true));
  /** Waits up to two minutes until the program prints `text`. Returns its output. @throws if it does not */
  const printed = async (text: string) => {
    const deadline = Date.now() + 120_000; // It only ends a test that would otherwise never end.
    for (;;) {
      const all = output.stdout + output.stderr;
      if (all.includes(text)) return all;
      if (isOver || Date.now() > deadline) throw new Error(`not printed: ${text}, but: ${all}`);
      await pause(10);
    }
  };
  return { child, finished, printed };
}
