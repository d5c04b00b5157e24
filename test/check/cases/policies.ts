import { changed, comesAndGoes, missing, unexpected, type AlarmCase } from './case.js';

const base = 'CREATE TABLE t (a integer)';
const object = 'policy public.t.p';
const isNow = (name: string, from: string, to: string, expected: string, found: string): AlarmCase => ({
  name,
  make: `${base}; CREATE POLICY p ON t ${from}`,
  spoil: `DROP POLICY p ON t; CREATE POLICY p ON t ${to}`,
  differences: [changed(object, expected, found)],
});
const all = 'permissive for all to public';

export const policies: readonly AlarmCase[] = [
  ...comesAndGoes({
    name: 'a policy',
    base,
    add: 'CREATE POLICY p ON t',
    remove: 'DROP POLICY p ON t',
    object,
    state: all,
  }),
  ...comesAndGoes({
    name: 'a policy with everything',
    base,
    add: 'CREATE POLICY p ON t AS RESTRICTIVE FOR UPDATE TO pg_monitor, CURRENT_USER USING (a > 0) WITH CHECK (a > 1)',
    remove: 'DROP POLICY p ON t',
    object,
    state: 'restrictive for update to pg_monitor, postgres using (a > 0) with check (a > 1)',
  }),
  {
    name: 'a policy is renamed',
    make: `${base}; CREATE POLICY p ON t`,
    spoil: 'ALTER POLICY p ON t RENAME TO q',
    differences: [missing(object, all), unexpected('policy public.t.q', all)],
  },
  isNow('restrictive', '', 'AS RESTRICTIVE', all, 'restrictive for all to public'),
  ...(['select', 'insert', 'update', 'delete'] as const).map((command) =>
    isNow(`for ${command} alone`, '', `FOR ${command}`, all, `permissive for ${command} to public`),
  ),
  isNow('for all again', 'FOR SELECT', '', 'permissive for select to public', all),
  isNow(
    'to another role',
    'TO pg_monitor',
    'TO pg_read_all_data',
    'permissive for all to pg_monitor',
    'permissive for all to pg_read_all_data',
  ),
  isNow('to everybody', 'TO pg_monitor', '', 'permissive for all to pg_monitor', all),
  isNow(
    'to one role more',
    'TO pg_monitor',
    'TO pg_monitor, pg_read_all_data',
    'permissive for all to pg_monitor',
    'permissive for all to pg_monitor, pg_read_all_data',
  ),
  isNow('a condition', '', 'USING (a > 0)', all, `${all} using (a > 0)`),
  isNow('another condition', 'USING (a > 0)', 'USING (a > 1)', `${all} using (a > 0)`, `${all} using (a > 1)`),
  isNow('no condition', 'USING (a > 0)', '', `${all} using (a > 0)`, all),
  isNow('a check', '', 'WITH CHECK (a > 0)', all, `${all} with check (a > 0)`),
  isNow(
    'another check',
    'WITH CHECK (a > 0)',
    'WITH CHECK (a > 1)',
    `${all} with check (a > 0)`,
    `${all} with check (a > 1)`,
  ),
];
