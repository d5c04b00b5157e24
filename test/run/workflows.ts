import { join } from 'node:path';
import { call as callIn, type CallOptions } from '../support/call.js';
import { start as startIn, type RunOptions } from '../support/migrate.js';
import { root as repository } from '../support/root.js';

/**
 * A project with what runs can be about: tables, a foreign key to a table of the application, and two migrations
 * outside a transaction, which validate constraints and build an index.
 */
export const root = join(repository, 'test/fixtures/workflows');

/** Its last migration. */
export const HEAD = '0005_index-workflow-executions';

export const call = (argv: readonly string[], options: CallOptions = {}) =>
  callIn(argv, { root, ...options });

export const start = (argv: readonly string[], options: RunOptions = {}) =>
  startIn(argv, { cwd: root, ...options });
