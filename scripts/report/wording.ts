/** What the messages have in common. */

/** The words of a failure: what happened and where; then why that usually is, and what to type next. */
export type Words = readonly [message: string, hint: string];

export const RUN = 'npm run migrate';
export const HELP = `See the commands and options:  ${RUN} help`;
export const suggest = (word: string | undefined): string => (word === undefined ? '' : `; did you mean "${word}"?`);
export const at = (version: string | null): string =>
  version === null ? 'before the first migration' : `at ${version}`;
export const list = (items: readonly string[]): string => items.map((item) => `\n  ${item}`).join('');
const reasons: Readonly<Record<string, string>> = {
  EACCES: 'it may not be read (permission denied)',
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links lead in a circle',
};
/** Why a file or folder cannot be read. */
export const denied = (code: string): string => reasons[code] ?? code;
