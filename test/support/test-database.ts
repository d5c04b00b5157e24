import { inject, onTestFinished } from 'vitest';
import { makeDatabase, type Database } from './database.ts';

/**
 * Creates a database on the server of this test run: an empty one, or with the application's base schema, or
 * also with the rows of `base-rows.sql`. The caller must drop it.
 */
export function createDatabase({ base = true, rows = false } = {}): Promise<Database> {
  const { url, template, templateWithRows } = inject('server');
  const copied = rows ? templateWithRows : template;
  return makeDatabase(url, base ? { template: copied } : {});
}

/** Creates a database as `options` say, or a copy of `template`. Drops it at the end of the test. */
export function testDatabase(
  options: Parameters<typeof createDatabase>[0] | { readonly template: Database } = {},
): Promise<Database> {
  const isCopy = 'template' in options;
  const creating = isCopy
    ? makeDatabase(inject('server').url, { template: options.template.name })
    : createDatabase(options);
  // Call this before any `await`: after it, vitest may take another concurrent test for the current one.
  onTestFinished(() => creating.then((database) => database.drop()));
  return creating;
}
