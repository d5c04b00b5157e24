import type { Node, ParseResult, RangeTableSample, RangeVar } from 'libpg-query';

/**
 * True if the definition of a part means the same to PostgreSQL as one of the others. If no text is equal,
 * makes each text a statement, and compares the syntax trees of the statements.
 */
export async function meansOneOf(part: string, definition: string, others: readonly string[]) {
  // In the database, WITH NO DATA is missing after somebody has refreshed the materialized view.
  const accepted = [definition, definition.replace(/ WITH NO DATA$/, '')];
  if (others.some((other) => accepted.includes(other))) return true;
  if (others.length === 0) return false;
  const { loadModule, parseSync } = await import('libpg-query'); // 1.8 MB: loaded when first needed.
  await loadModule();
  const meaningOf = (text: string) => {
    const [fragment = '', suffix] = text.split(SUFFIX); // SUFFIX has a group, so split returns it, too.
    try {
      const tree = parseSync(statement(part, fragment));
      return JSON.stringify([tree, suffix], rewriterFor(relationOf(tree)));
    } catch {
      return text; // The parser rejects the statement: compare the text.
    }
  };
  const meanings = accepted.map(meaningOf);
  return others.some((other) => meanings.includes(meaningOf(other)));
}

/** Words that the catalog query adds at the end of a definition. The parser would reject them. */
const SUFFIX = / (INVALID|DISABLED|ENABLED (?:REPLICA|ALWAYS)|WITH NO DATA|EXTENSION \S+)$/;

/** Completes a definition to a statement. The parser rejects it for a sequence, a type or an extension. */
function statement(part: string, definition: string): string {
  const noun = part.split(' ')[0] ?? '';
  if (noun === 'column' || noun === 'constraint')
    return `ALTER TABLE t ADD ${noun} c ${definition}`;
  if (noun === 'index') return definition.replace(/^(UNIQUE )?/, 'CREATE $1INDEX ON t ');
  if (noun === 'trigger') return definition.replace(/^(CONSTRAINT )?/, 'CREATE $1TRIGGER t ');
  if (noun === 'policy') return `CREATE POLICY p ON t ${definition}`;
  if (noun === 'table')
    return `CREATE TABLE t ${definition.startsWith('PARTITION OF ') ? '' : '()'} ${definition}`;
  if (part.endsWith('view')) return `CREATE VIEW v AS ${definition}`;
  return definition.startsWith('CREATE ') ? definition : `CREATE DOMAIN d ${definition}`;
}

/** A node of a syntax tree has one property, named like its type. AnyNode has the properties of all types. */
type AnyNode = { [Type in TypeOf<Node>]?: Extract<Node, Record<Type, unknown>>[Type] };
/** `keyof` alone would give only the keys that all types of a union have: none. */
type TypeOf<Each> = Each extends Each ? keyof Each : never;
const fieldsOf = (node: AnyNode = {}) => node;
const textOf = (node?: Node) => fieldsOf(node).String?.sval ?? '';

/** The name of the first item in the FROM clause of a view: its alias, or else the name of the table. */
function relationOf({ stmts }: ParseResult): string | undefined {
  const query = fieldsOf(fieldsOf(stmts?.[0]?.stmt).ViewStmt?.query).SelectStmt;
  const [range] = Object.values(query?.fromClause?.[0] ?? {}) as (RangeVar & RangeTableSample)[];
  const { alias, relname } = fieldsOf(range?.relation).RangeVar ?? range ?? {};
  return alias?.aliasname ?? relname;
}

/**
 * Returns a replacer for JSON.stringify: it makes syntax trees equal if PostgreSQL prints one definition in
 * several ways. `(a AND b) AND c` needs no rule: the parser itself makes `a AND b AND c`.
 */
const rewriterFor = (relation: string | undefined) => (key: string, value: unknown) => {
  if (/(location|_len|list_start|list_end)$/.test(key)) return undefined; // Positions in the text.
  const { ColumnRef, DefElem, ResTarget, TypeCast } = Object(value) as AnyNode;
  // For a varchar, `b IN ('x')` is printed with a cast of the whole array; after a restore, of each element.
  const elements = fieldsOf(TypeCast?.arg).A_ArrayExpr?.elements;
  if (elements && TypeCast?.typeName?.arrayBounds) {
    const elementType = { ...TypeCast.typeName, arrayBounds: undefined };
    const cast = (arg: Node) => {
      const typeName = 'A_ArrayExpr' in arg ? TypeCast.typeName : elementType;
      return { TypeCast: { arg, typeName } };
    };
    return { A_ArrayExpr: { elements: elements.map(cast) } };
  }
  // `-5::integer` is printed as `(- 5)`; after a restore, as `'-5'::integer`. The same is true for numeric.
  const constant = fieldsOf(TypeCast?.arg).A_Const?.sval?.sval ?? '';
  const type = TypeCast?.typeName?.typmods ? '' : textOf(TypeCast?.typeName?.names?.at(-1));
  if (type === 'int4' && /^-\d+$/.test(constant))
    return { A_Const: { ival: { ival: Number(constant) } } };
  if (type === 'numeric' && /^-\d+\.\d+$/.test(constant))
    return { A_Const: { fval: { fval: constant } } };
  // Before PostgreSQL 16, the columns of a view are always printed with the name of their table. Since 16,
  // that happens only if the view reads several tables, and in subqueries.
  const [first, ...rest] = ColumnRef?.fields ?? [];
  if (rest.length > 0 && textOf(first) === relation) return { ColumnRef: { fields: rest } };
  // After a restore, `EXISTS (SELECT NULL::text …)` is printed as `EXISTS (SELECT NULL::text AS text …)`: the
  // name of the constant is its type. Before PostgreSQL 15, `true` is printed so even without a restore.
  if (ResTarget?.name !== undefined && ResTarget.name === typeOfConstant(ResTarget.val))
    return { ResTarget: { val: ResTarget.val } };
  const body = fieldsOf(DefElem?.arg).List?.items;
  if (body && DefElem?.defname === 'as') return body.map((item) => trimLines(textOf(item)));
  return value;
};

/**
 * Removes blanks and CR at the ends of lines. All other blanks have a meaning in a string of the body.
 * Without the lookbehind, the time would grow with the square of the number of blanks.
 */
const trimLines = (text: string) => text.replaceAll(/(?<![ \t\r])[ \t\r]+$/gm, '').trimEnd();

function typeOfConstant({ A_Const, TypeCast }: AnyNode = {}) {
  if (fieldsOf(TypeCast?.arg).A_Const) return textOf(TypeCast?.typeName?.names?.at(-1));
  return A_Const?.boolval ? 'bool' : undefined;
}
