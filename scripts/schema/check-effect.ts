import { failure } from '../errors.js';
import { closest } from '../cli/closest.js';
import type { Patch } from './model.js';

/** What may stand at a place of an effect: a scalar, or an object with these keys. `*` is any name, and may be `null`. */
type Form = 'string' | 'boolean' | { readonly [key: string]: Form };

const anyNamed = (form: Form): Form => ({ '*': form });

const COLUMN: Form = {
  type: 'string',
  null: 'boolean',
  notValid: 'boolean',
  default: 'string',
  generated: 'string',
  identity: 'string',
  collation: 'string',
};
const TABLE: Form = {
  kind: 'string',
  persistence: 'string',
  rowSecurity: 'string',
  rowSecurityOff: 'boolean',
  partitionBy: 'string',
  partitionOf: 'string',
  inherits: 'string',
  definition: 'string',
  options: 'string',
  populated: 'boolean',
  columns: anyNamed(COLUMN),
  constraints: anyNamed('string'),
  indexes: anyNamed('string'),
  triggers: anyNamed('string'),
  policies: anyNamed('string'),
};
const FUNCTION: Form = {
  kind: 'string',
  arguments: 'string',
  returns: 'string',
  language: 'string',
  volatility: 'string',
  parallel: 'string',
  strict: 'boolean',
  leakproof: 'boolean',
  securityDefiner: 'boolean',
  settings: 'string',
  body: 'string',
};
const EFFECT: Form = {
  extensions: anyNamed('string'),
  types: anyNamed('string'),
  sequences: anyNamed('string'),
  functions: anyNamed(FUNCTION),
  tables: anyNamed(TABLE),
};

const QUALIFIED = /^("([^"]|"")+"|[^".]+)\../;

/**
 * Makes sure that a document has the form of an effect, so that a misspelled word is refused and not compared with
 * nothing.
 *
 * @throws Failure `usage` that names the file and the place in it
 */
export function checkEffect(document: unknown, file: string): Patch {
  const place: string[] = [];
  const refuse = (what: string): never => {
    throw failure('usage', 'effect-form', [file, place.join(' > ') || 'the file', what], { file });
  };
  const walk = (value: unknown, form: Form): void => {
    if (typeof form === 'string') {
      if (value !== null && typeof value !== form) refuse(`is not a ${form}`);
      return;
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('is not an object');
    for (const key of Object.keys(value)) {
      place.push(key);
      const inner = form['*'] ?? (Object.hasOwn(form, key) ? form[key] : undefined);
      if (key === '__proto__') refuse('is a name that an effect cannot hold');
      if (inner === undefined) return refuse(unknown(key, Object.keys(form)));
      if (place.length === 2 && place[0] !== 'extensions' && !QUALIFIED.test(key))
        refuse('has no schema; write public.name');
      const next = (value as Record<string, unknown>)[key];
      if (next !== null || form['*'] === undefined) walk(next, inner);
      place.pop();
    }
  };
  walk(document, EFFECT);
  return document as Patch;
}

function unknown(key: string, known: readonly string[]): string {
  const nearest = closest(key, known);
  return `is not known here${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`;
}
