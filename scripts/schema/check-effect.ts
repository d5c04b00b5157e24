import { failure } from '../errors.js';
import { closest } from '../cli/closest.js';
import { isPart, isSection, parts, sections, type Part, type Patch, type Section } from './model.js';

/** What an attribute may hold. */
type Kind = 'string' | 'boolean';

const TABLE: Readonly<Record<string, Kind>> = {
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
};
const COLUMN: Readonly<Record<string, Kind>> = {
  type: 'string',
  null: 'boolean',
  notValid: 'boolean',
  default: 'string',
  generated: 'string',
  identity: 'string',
  collation: 'string',
};
const FUNCTION: Readonly<Record<string, Kind>> = {
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

/**
 * Makes sure that a document has the form of an effect, so that a misspelled word is refused and not compared with
 * nothing.
 *
 * @throws Failure `usage` that names the file and the place in it
 */
export function checkEffect(document: unknown, file: string): Patch {
  const refuse = (place: readonly string[], what: string): never => {
    throw failure('usage', 'effect-form', [file, place.join(' > '), what], { file });
  };
  const object = (value: unknown, place: readonly string[]): [string, unknown][] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(place, 'is not an object');
    if (Object.hasOwn(value, '__proto__')) refuse([...place, '__proto__'], 'is a name that an effect cannot hold');
    return Object.entries(value);
  };
  const unknown = (key: string, known: readonly string[], place: readonly string[]) => {
    const nearest = closest(key, known);
    return refuse([...place, key], `is not known here${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`);
  };
  const attribute = (value: unknown, kind: Kind | undefined, place: readonly string[]) => {
    if (value !== null && typeof value !== kind) refuse(place, `is not a ${String(kind)}`);
  };
  const attributes = (value: unknown, known: Readonly<Record<string, Kind>>, place: readonly string[]) => {
    for (const [key, inner] of object(value, place))
      if (!Object.hasOwn(known, key)) unknown(key, Object.keys(known), place);
      else attribute(inner, known[key], [...place, key]);
  };
  const part = (name: Part, value: unknown, place: readonly string[]) => {
    for (const [key, inner] of object(value, place))
      if (name === 'columns' && inner !== null) attributes(inner, COLUMN, [...place, key]);
      else attribute(inner, 'string', [...place, key]);
  };
  const table = (value: unknown, place: readonly string[]) => {
    for (const [key, inner] of object(value, place))
      if (isPart(key)) part(key, inner, [...place, key]);
      else if (Object.hasOwn(TABLE, key)) attribute(inner, TABLE[key], [...place, key]);
      else unknown(key, [...Object.keys(TABLE), ...Object.keys(parts)], place);
  };
  const entry = (section: Section, value: unknown, place: readonly string[]) => {
    if (value === null) return;
    if (section === 'tables') table(value, place);
    else if (section === 'functions') attributes(value, FUNCTION, place);
    else attribute(value, 'string', place);
  };
  for (const [section, byKey] of object(document, ['the file']))
    if (!isSection(section)) unknown(section, Object.keys(sections), []);
    else
      for (const [key, value] of object(byKey, [section])) {
        const isQualified = section === 'extensions' || /^("([^"]|"")+"|[^".]+)\../.test(key);
        if (!isQualified) refuse([section, key], 'has no schema; write public.name');
        entry(section, value, [section, key]);
      }
  return document as Patch;
}
