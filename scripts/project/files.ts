/**
 * Reads and writes files. Their names are relative to `root`, the project's folder, also in messages. If a
 * file cannot be read or written, these functions throw a Failure `usage`.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { failure } from '../report/errors.ts';

/** Reads a file, without a byte order mark. */
export const readFile = (root: string, file: string) =>
  useFile('not-readable', root, file, (path) => readFileSync(path, 'utf8').replace(/^\uFEFF/, ''));

/** Lists the names in a folder. In messages, the folder ends with a slash. */
export const readFolder = (root: string, folder: string) =>
  useFile('not-readable', root, folder.replace(/\/*$/, '/'), (path) => readdirSync(path));

/** Writes a file, or replaces it. */
export const writeFile = (root: string, file: string, text: string) =>
  useFile('not-writable', root, file, (path) => writeFileSync(path, text));

/** Reads a JSON object. Refuses any other document, such as a list, and one for which `check` throws. */
export function readJson<T extends object>(root: string, file: string, check: (value: T) => void) {
  const text = readFile(root, file);
  return useFile('bad-file', root, file, () => {
    const value = JSON.parse(text) as T;
    if (!(value instanceof Object) || Array.isArray(value)) throw new Error('it is not an object');
    check(value);
    return value;
  });
}

type Code = 'not-readable' | 'not-writable' | 'bad-file';
function useFile<T>(code: Code, root: string, file: string, use: (path: string) => T): T {
  try {
    return use(resolve(root, file));
  } catch (cause) {
    // From "ENOENT: no such file or directory, open '/a/path'", keep only "no such file or directory".
    const reason = (cause as Error).message.replace(/^E[A-Z]+: (.*), \w+( '.*')?$/s, '$1');
    throw failure(code, [file, reason], { file, cause });
  }
}
