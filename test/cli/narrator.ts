import picocolors from 'picocolors';
import type { Database } from '../support/database.js';
import { startProgram } from '../support/migrate.js';

/** Tells a story on the terminal: each step does something for real, shows it, and ends the story if it went wrong. */
export interface Narrator {
  /** A heading, numbered. */
  readonly chapter: (heading: string) => void;
  readonly say: (text: string) => void;
  /** Runs `npm run migrate` with `args`; it must exit with `code`, and print each of `words`. */
  readonly migrate: (args: string, code: number, words?: readonly string[]) => Promise<void>;
  /** Asks as the application would; the answer must be these rows, or this SQLSTATE. */
  readonly ask: (sql: string, expected: readonly object[] | string) => Promise<void>;
  /** Changes the database by hand. */
  readonly change: (sql: string) => Promise<void>;
  /** Says that something holds, which must be so. */
  readonly claim: (text: string, isTrue: boolean) => void;
}

export function narrator(database: Database): Narrator {
  const { bold, cyan, green, isColorSupported, red } = picocolors;
  let chapters = 0;
  const print = (text: string): void => void process.stdout.write(`${text}\n`);
  const claim = (text: string, isTrue: boolean): void => {
    print(isTrue ? green(`✔ ${text}`) : red(`✘ not so: ${text}`));
    if (!isTrue) throw new Error(`the demonstration ends here: not so: ${text}`);
  };
  return {
    chapter: (heading) => {
      chapters += 1;
      print(`\n${bold(cyan(`${chapters}. ${heading}`))}`);
    },
    say: print,
    claim,
    migrate: async (args, code, words = []) => {
      print(bold(`$ npm run migrate ${args}`));
      const npm = ['run', '--silent', 'migrate', '--', ...args.split(' ')];
      const env = { FORCE_COLOR: isColorSupported ? '1' : '0' };
      const { child, finished } = startProgram('npm', npm, { url: database.url, env });
      child.stdout?.pipe(process.stdout, { end: false });
      child.stderr?.pipe(process.stderr, { end: false });
      const result = await finished;
      claim(`exit code ${code}, as it must be`, result.code === code);
      for (const word of words) claim(`it names ${word}`, (result.stdout + result.stderr).includes(word));
    },
    ask: async (sql, expected) => {
      print(`${bold('sql>')} ${sql}`);
      const answer = await database.query(sql).catch((error: unknown) => error as Error & { code: string });
      if (answer instanceof Error) print(red(`ERROR ${answer.code}: ${answer.message}`));
      else print(green(JSON.stringify(answer)));
      const found = answer instanceof Error ? answer.code : answer;
      if (JSON.stringify(found) !== JSON.stringify(expected)) throw new Error(`expected ${JSON.stringify(expected)}`);
    },
    change: async (sql) => {
      print(`${bold('sql>')} ${sql}`);
      await database.query(sql);
    },
  };
}
