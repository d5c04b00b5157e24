import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../support/root.ts';

/** SQL that prepares or queries a database, and the lines that the test expects then. */
export interface SqlCase {
  readonly sql: string;
  readonly says: readonly string[];
}

/**
 * Reads the cases of a file in this folder. A case begins with `-- name`, after an empty line. Its lines
 * `--   text` are the lines that the test expects.
 */
export function sqlCases(file: string): (readonly [name: string, SqlCase])[] {
  const text = readFileSync(join(root, 'test/migrations', file), 'utf8');
  return text.split(/\n\n(?=-- )/).map((sql) => {
    const [name = '', ...says] = [...sql.matchAll(/^-- +(.*)$/gm)].map(([, words = '']) => words);
    return [name, { sql, says }];
  });
}
