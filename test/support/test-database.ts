import { inject, onTestFinished } from 'vitest';
import { makeDatabase, type Database } from './database.ts';

export interface DatabaseOptions {
  /** With the application's base schema (the default), or empty. */
  readonly base?: boolean;
  /** With the rows of `base-rows.sql`. */
  readonly rows?: boolean;
}

/** A new database on the server of this test run. The caller drops it. */
export function createDatabase({
  base = true,
  rows = false,
}: DatabaseOptions = {}): Promise<Database> {
  const { url, template, templateWithRows } = inject('server');
  const copied = rows ? templateWithRows : template;
  return makeDatabase(url, { template: base ? copied : undefined });
}

/** A new database that is dropped at the end of the test; with a template, a copy of that one. */
export function testDatabase(
  options: DatabaseOptions | { readonly template: Database } = {},
): Promise<Database> {
  const isCopy = 'template' in options;
  const creating = isCopy
    ? makeDatabase(inject('server').url, { template: options.template.name })
    : createDatabase(options);
  // Registered before anything is awaited: later, in concurrent tests, vitest may take it for another test's.
  onTestFinished(() => creating.then((database) => database.drop()));
  return creating;
}
