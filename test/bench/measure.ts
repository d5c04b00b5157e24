/** Measures whole processes from the outside. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { work } from './projects.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What was measured of one run of a process. */
export interface Sample {
  readonly milliseconds: number;
  /** The CPU time of the process and its children, user and system. */
  readonly cpu: number | undefined;
  /** The largest memory of any of these processes, in MiB. */
  readonly memory: number | undefined;
}

/** A program in a workload: what to do before each run, and how to start it. Only the process is measured. */
export interface Contender {
  readonly name: string;
  /** Makes what one run needs, such as a new database. Returns the command, and how to clean up. */
  readonly prepare: () => Promise<Prepared>;
}

export interface Prepared {
  readonly command: Command;
  readonly after?: () => Promise<void>;
}

/** GNU time measures CPU time and memory of a process and its children. Without it, both are unknown. */
const TIME = '/usr/bin/time';
const hasTime = existsSync(TIME) && spawnSync(TIME, ['-f', '%M', 'true']).status === 0;

/** Runs a process to its end. @throws if it fails: the times of a failed run mean nothing */
export async function sample({ file, args, cwd, env }: Command): Promise<Sample> {
  mkdirSync(work, { recursive: true });
  const timeFile = join(work, `time-${process.pid}`);
  const timed = hasTime ? [TIME, '-f', '%U %S %M', '-o', timeFile, file, ...args] : [file, ...args];
  const started = performance.now();
  const { code, output } = await run(timed, cwd, env);
  const milliseconds = performance.now() - started;
  if (code !== 0)
    throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${output.slice(-3000)}`);
  if (!hasTime) return { milliseconds, cpu: undefined, memory: undefined };
  const numbers = readFileSync(timeFile, 'utf8').trim().split(' ').map(Number);
  const [user = 0, system = 0, kilobytes = 0] = numbers;
  return { milliseconds, cpu: (user + system) * 1000, memory: kilobytes / 1024 };
}

/** Starts a process with PATH, HOME and `env`, and waits for its end. */
export async function run(
  [file = '', ...args]: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number | null; output: string }> {
  const { PATH, HOME } = process.env;
  const child = spawn(file, args, {
    cwd,
    env: { PATH, HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (output += String(text)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

/**
 * Measures contenders in turn, one run of each per round, so that other load on the machine affects all.
 * A first round fills caches, and is not counted. A contender that fails is left out.
 */
export async function measureInTurns(
  contenders: readonly Contender[],
  repetitions: number,
): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>();
  const failed = new Set<string>();
  for (let round = 0; round <= repetitions; round++)
    for (const { name, prepare } of contenders) {
      if (failed.has(name)) continue;
      try {
        const { command, after } = await prepare();
        const taken = await sample(command);
        await after?.();
        if (round > 0) samples.set(name, [...(samples.get(name) ?? []), taken]);
      } catch (error) {
        failed.add(name);
        samples.delete(name);
        console.error(`${name} is left out: ${String(error)}`);
      }
    }
  return samples;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The interquartile range, divided by the median. */
export function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? NaN;
  return (at(0.75) - at(0.25)) / median(values);
}
