/** Files are named relative to the project's folder, `root`, as in messages. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { failure } from '../report/errors.ts';

/** Reads a file, without a byte order mark. @throws Failure `usage` */
export const readFile = (root: string, file: string) =>
  orRefuse('not-readable', file, () =>
    readFileSync(resolve(root, file), 'utf8').replace(/^\uFEFF/, ''),
  );

/** Reads the names of the files in a folder. @throws Failure `usage` */
export const readFolder = (root: string, folder: string) =>
  orRefuse('not-readable', folder, () => readdirSync(resolve(root, folder)));

/** Writes a file. @throws Failure `usage` */
export const writeFile = (root: string, file: string, text: string) => {
  orRefuse('not-writable', file, () => {
    writeFileSync(resolve(root, file), text);
  });
};

function orRefuse<T>(code: 'not-readable' | 'not-writable', file: string, operation: () => T): T {
  try {
    return operation();
  } catch (cause) {
    // Node.js says: "ENOENT: no such file or directory, open '/a/path'".
    const reason = (cause as Error).message.replaceAll(/^\w+: |, \w+( '.*')?$/gs, '');
    throw failure(code, [file, reason], { file, cause });
  }
}

/** Reads a JSON object. @throws Failure `usage`, with line and column if Node.js tells them */
export function readJson(root: string, file: string): object {
  const text = readFile(root, file);
  try {
    const document: unknown = JSON.parse(text);
    if (document instanceof Object && !Array.isArray(document)) return document;
    throw new Error('it is not an object');
  } catch (cause) {
    const { message } = cause as Error;
    const reason = message.replace(/ in JSON at position.*| \(line .*/s, '');
    const position = /at position (\d+)/.exec(message)?.[1];
    if (position === undefined) throw failure('bad-file', [file, reason], { file, cause });
    const lines = text.slice(0, Number(position)).split('\n');
    const column = (lines.at(-1)?.length ?? 0) + 1;
    throw failure('bad-file', [`${file}:${lines.length}:${column}`, reason], { file, cause });
  }
}
