import { fixture } from '../support/database.ts';

/** Files that stand for the legacy files. 004 refers to a table of 009, so 009 must run before it. */
export const legacyFiles = [
  '000_create_migrations_table.sql',
  '009_agent_templates_v2.sql',
  '004_create_user_workflows_table.sql',
] as const;
export type LegacyFile = (typeof legacyFiles)[number];

export const legacySql = (file: LegacyFile): string => fixture(`legacy/${file}`);
