import { bothWays, changed, comesAndGoes, missing, unexpected, type AlarmCase } from './case.js';

const base = [
  'CREATE TABLE t (a integer, b integer)',
  `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
  `CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'`,
].join('; ');
const object = 'trigger public.t.x';
const usual = 'BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()';
const usualState = 'BEFORE UPDATE ON public.t FOR EACH ROW EXECUTE FUNCTION public.f()';
const make = `${base}; CREATE TRIGGER x ${usual}`;

/** The usual trigger is made anew in another way. */
const isNow = (name: string, to: string, found: string): AlarmCase => ({
  name,
  make,
  spoil: `DROP TRIGGER x ON t; CREATE TRIGGER x ${to}`,
  differences: [changed(object, usualState, found)],
});
const deferred = (words: string): string =>
  `CREATE CONSTRAINT TRIGGER x AFTER UPDATE ON t ${words} FOR EACH ROW EXECUTE FUNCTION f()`;
const deferredState = (words: string): string =>
  `constraint AFTER UPDATE ON public.t ${words} FOR EACH ROW EXECUTE FUNCTION public.f()`;

export const triggers: readonly AlarmCase[] = [
  ...comesAndGoes({
    name: 'a trigger',
    base,
    add: `CREATE TRIGGER x ${usual}`,
    remove: 'DROP TRIGGER x ON t',
    object,
    state: usualState,
  }),
  ...comesAndGoes({
    name: 'a constraint trigger',
    base,
    add: deferred('DEFERRABLE INITIALLY DEFERRED'),
    remove: 'DROP TRIGGER x ON t',
    object,
    state: deferredState('DEFERRABLE INITIALLY DEFERRED'),
  }),
  ...comesAndGoes({
    name: 'a trigger of a view',
    base: `${base}; CREATE VIEW v AS SELECT a FROM t`,
    add: 'CREATE TRIGGER x INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f()',
    remove: 'DROP TRIGGER x ON v',
    object: 'trigger public.v.x',
    state: 'INSTEAD OF INSERT ON public.v FOR EACH ROW EXECUTE FUNCTION public.f()',
  }),
  {
    name: 'a trigger is renamed',
    make,
    spoil: 'ALTER TRIGGER x ON t RENAME TO y',
    differences: [missing(object, usualState), unexpected('trigger public.t.y', usualState)],
  },
  isNow('after instead of before', usual.replace('BEFORE', 'AFTER'), usualState.replace('BEFORE', 'AFTER')),
  isNow('another event', usual.replace('UPDATE', 'INSERT'), usualState.replace('UPDATE', 'INSERT')),
  isNow(
    'one more event',
    usual.replace('UPDATE', 'INSERT OR UPDATE'),
    usualState.replace('UPDATE', 'INSERT OR UPDATE'),
  ),
  isNow(
    'only updates of a column',
    usual.replace('UPDATE', 'UPDATE OF a'),
    usualState.replace('UPDATE', 'UPDATE OF a'),
  ),
  isNow(
    'each statement instead of each row',
    usual.replace('ROW', 'STATEMENT'),
    usualState.replace('ROW', 'STATEMENT'),
  ),
  isNow('another function', usual.replace('f()', 'g()'), usualState.replace('f()', 'g()')),
  isNow('an argument', usual.replace('f()', `f('z')`), usualState.replace('f()', `f('z')`)),
  isNow(
    'a condition',
    usual.replace('EXECUTE', 'WHEN (NEW.a > 0) EXECUTE'),
    usualState.replace('EXECUTE', 'WHEN ((new.a > 0)) EXECUTE'),
  ),
  {
    name: 'a transition table',
    make: `${base}; CREATE TRIGGER x AFTER UPDATE ON t REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION f()`,
    spoil:
      'DROP TRIGGER x ON t; CREATE TRIGGER x AFTER UPDATE ON t REFERENCING OLD TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION f()',
    differences: [
      changed(
        object,
        'AFTER UPDATE ON public.t REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION public.f()',
        'AFTER UPDATE ON public.t REFERENCING OLD TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION public.f()',
      ),
    ],
  },
  {
    name: 'a trigger is a constraint now',
    make: `${base}; CREATE TRIGGER x AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()`,
    spoil: `DROP TRIGGER x ON t; ${deferred('NOT DEFERRABLE')}`,
    differences: [
      changed(object, usualState.replace('BEFORE', 'AFTER'), deferredState('NOT DEFERRABLE INITIALLY IMMEDIATE')),
    ],
  },
  {
    name: 'a constraint trigger is deferred at first',
    make: `${base}; ${deferred('DEFERRABLE')}`,
    spoil: `DROP TRIGGER x ON t; ${deferred('DEFERRABLE INITIALLY DEFERRED')}`,
    differences: [
      changed(object, deferredState('DEFERRABLE INITIALLY IMMEDIATE'), deferredState('DEFERRABLE INITIALLY DEFERRED')),
    ],
  },
  ...(['DISABLE', 'ENABLE REPLICA', 'ENABLE ALWAYS'] as const).flatMap((state) =>
    bothWays({
      name: state,
      base: make,
      add: `ALTER TABLE t ${state} TRIGGER x`,
      remove: 'ALTER TABLE t ENABLE TRIGGER x',
      object,
      without: usualState,
      with: `${usualState} ${{ DISABLE: 'DISABLED', 'ENABLE REPLICA': 'ENABLED FOR REPLICA', 'ENABLE ALWAYS': 'ENABLED ALWAYS' }[state]}`,
    }),
  ),
];
