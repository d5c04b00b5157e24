import type { AlarmCase } from './case.js';
import { columns } from './columns.js';
import { constraints } from './constraints.js';
import { domains } from './domains.js';
import { functions } from './functions.js';
import { indexes } from './indexes.js';
import { names } from './names.js';
import { partitions } from './partitions.js';
import { policies } from './policies.js';
import { extensions, sequences } from './sequences.js';
import { tables } from './tables.js';
import { triggers } from './triggers.js';
import { types } from './types.js';
import { materializedViews, views } from './views.js';

/** All that the check says it sees, by the kind of object. */
export const allCases: Readonly<Record<string, readonly AlarmCase[]>> = {
  tables,
  partitions,
  columns,
  constraints,
  indexes,
  triggers,
  policies,
  views,
  'materialized views': materializedViews,
  functions,
  types,
  domains,
  sequences,
  extensions,
  names,
};
