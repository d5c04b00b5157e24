import { inject, onTestFinished } from 'vitest';
import { makeDatabase, type Database } from './database.ts';

export interface DatabaseOptions {
  /** True (the default) for a database with the application's base schema, false for an empty one. */
  readonly base?: boolean;
  /** True to add the rows of `base-rows.sql`. */
  readonly rows?: boolean;
}

/** Creates a database on the server of this test run. The caller must drop it. */
export function createDatabase({
  base = true,
  rows = false,
}: DatabaseOptions = {}): Promise<Database> {
  const { url, template, templateWithRows } = inject('server');
  const copied = rows ? templateWithRows : template;
  return makeDatabase(url, { template: base ? copied : undefined });
}

/** Creates a database as `options` say, or a copy of `template`. Drops it at the end of the test. */
export function testDatabase(
  options: DatabaseOptions | { readonly template: Database } = {},
): Promise<Database> {
  const isCopy = 'template' in options;
  const creating = isCopy
    ? makeDatabase(inject('server').url, { template: options.template.name })
    : createDatabase(options);
  // Call this before any `await`: after it, vitest may take another concurrent test for the current one.
  onTestFinished(() => creating.then((database) => database.drop()));
  return creating;
}
