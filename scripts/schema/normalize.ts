import { isDeepStrictEqual } from 'node:util';

/** Whether two definitions of a part mean the same to PostgreSQL. */
export type IsSame = (part: string, expected: string, found: string) => boolean;

type Node = { readonly [key: string]: unknown };
type Parse = (sql: string) => unknown;

/**
 * Compares definitions by PostgreSQL's own parser, which is loaded when it is first needed.
 *
 * Equal texts are equal. Others are put into the statement that they are a fragment of, parsed, and compared as syntax
 * trees after the rewrites below. What the parser rejects is compared as text.
 */
export const normalizer = (): Promise<IsSame> => (loaded ??= load());

let loaded: Promise<IsSame> | undefined;

async function load(): Promise<IsSame> {
  const { loadModule, parseSync } = await import('libpg-query');
  await loadModule();
  return (part, expected, found) => isSame(parseSync, part, expected, found);
}

function isSame(parse: Parse, part: string, expected: string, found: string): boolean {
  if (expected === found) return true;
  // A materialized view that was made without rows is refreshed sooner or later.
  if (expected === `${found} WITH NO DATA`) return true;
  const [wanted, suffix] = withoutSuffix(expected);
  const [other, otherSuffix] = withoutSuffix(found);
  const trees = [wanted, other].map((definition) => treeOf(parse, statement(part, definition)));
  return suffix === otherSuffix && trees[0] !== undefined && isDeepStrictEqual(trees[0], trees[1]);
}

/** What the catalog query adds to a definition, and no statement says in that place. */
function withoutSuffix(definition: string): [definition: string, suffix: string] {
  const suffix =
    / (?:INVALID|DISABLED|ENABLED (?:REPLICA|ALWAYS)|WITH NO DATA|EXTENSION \S+)$/.exec(
      definition,
    )?.[0] ?? '';
  return [definition.slice(0, definition.length - suffix.length), suffix];
}

/** The statement that a definition is a fragment of. */
function statement(part: string, definition: string): string {
  const noun = part.split(' ')[0] ?? '';
  if (noun === 'column') return `ALTER TABLE t ADD COLUMN c ${definition}`;
  if (noun === 'constraint') return `ALTER TABLE t ADD CONSTRAINT c ${definition}`;
  if (noun === 'index') return definition.replace(/^(UNIQUE )?/, 'CREATE $1INDEX ON t ');
  if (noun === 'trigger') return definition.replace(/^(CONSTRAINT )?/, 'CREATE $1TRIGGER t ');
  if (noun === 'policy') return `CREATE POLICY p ON t ${definition}`;
  if (noun === 'table') return `CREATE TABLE t () ${definition}`;
  if (part === 'view' || part === 'materialized view') return `CREATE VIEW v AS ${definition}`;
  if (definition.startsWith('CREATE ')) return definition;
  return `CREATE DOMAIN d ${definition}`;
}

function treeOf(parse: Parse, sql: string): unknown {
  try {
    return rewrite(parse(sql), undefined);
  } catch {
    return undefined; // A definition that newer or older servers print in a way that this parser does not know.
  }
}

/**
 * Rewrites a syntax tree, so that what PostgreSQL prints in two ways becomes one tree.
 *
 * @param relation the name of the only relation of the query that the node is in, if there is only one
 */
function rewrite(node: unknown, relation: string | undefined): unknown {
  if (Array.isArray(node)) return node.map((item) => rewrite(item, relation));
  if (typeof node !== 'object' || node === null) return node;
  let inner = node as Node;
  if ('targetList' in inner || 'fromClause' in inner) relation = onlyRelation(inner);
  for (const [type, rule] of Object.entries(rewrites))
    if (type in inner) inner = rule(inner[type] as Node, relation) ?? inner;
  const entries = Object.entries(inner).filter(
    ([key]) => !/(?:location|_len|list_start|list_end)$/.test(key),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, rewrite(value, relation)]));
}

/** By the type of node: what it is the same as, or undefined where it stays. Each has a test in test/check. */
const rewrites: Readonly<
  Record<string, (node: Node, relation: string | undefined) => Node | undefined>
> = {
  // PostgreSQL prints `x BETWEEN 1 AND 5 AND y > 0` with other parentheses once it has read its own output.
  BoolExpr({ boolop, args }) {
    const isNested = (arg: Node): boolean =>
      (arg['BoolExpr'] as Node | undefined)?.['boolop'] === boolop;
    if (boolop === 'NOT_EXPR' || !(args as Node[]).some(isNested)) return undefined;
    const flat = (args as Node[]).flatMap((arg) =>
      isNested(arg) ? ((arg['BoolExpr'] as Node)['args'] as Node[]) : [arg],
    );
    return (
      rewrites['BoolExpr']?.({ boolop, args: flat }, undefined) ?? {
        BoolExpr: { boolop, args: flat },
      }
    );
  },
  // `b IN ('x')` of a varchar is a cast of the array when it is made by hand, and casts of the elements once restored.
  TypeCast({ arg, typeName }) {
    const elements = ((arg as Node)['A_ArrayExpr'] as Node | undefined)?.['elements'] as
      Node[] | undefined;
    const { arrayBounds, ...elementType } = typeName as Node;
    if (elements === undefined || arrayBounds === undefined) return undefined;
    const cast = (element: Node): Node =>
      'A_ArrayExpr' in element
        ? { TypeCast: { arg: element, typeName } }
        : { TypeCast: { arg: element, typeName: elementType } };
    return {
      A_ArrayExpr: {
        elements: elements.map(
          (element) =>
            rewrites['TypeCast']?.(cast(element)['TypeCast'] as Node, undefined) ?? cast(element),
        ),
      },
    };
  },
  // Before PostgreSQL 16, a column of a query on one relation is printed with the name of the relation.
  ColumnRef({ fields }, relation) {
    const [first, ...rest] = fields as Node[];
    const isQualified =
      rest.length > 0 &&
      relation !== undefined &&
      (first?.['String'] as Node | undefined)?.['sval'] === relation;
    return isQualified ? { ColumnRef: { fields: rest } } : undefined;
  },
  // In the body of a function only line ends and trailing blanks are ignored: other white space can have a meaning.
  DefElem({ defname, arg, ...rest }) {
    const items = ((arg as Node | undefined)?.['List'] as Node | undefined)?.['items'] as
      Node[] | undefined;
    if (defname !== 'as' || items === undefined) return undefined;
    const body = (text: unknown): string =>
      String(text)
        .replaceAll(/[ \t\r]+$/gm, '')
        .trimEnd();
    const strings = items.map((item) => ({
      String: { sval: body((item['String'] as Node)['sval']) },
    }));
    return { DefElem: { defname, arg: { List: { items: strings } }, ...rest } };
  },
};

/** What columns of the only relation after FROM are called by; undefined where there are several. */
function onlyRelation({ fromClause }: Node): string | undefined {
  const [item, ...others] = (fromClause ?? []) as Node[];
  if (item === undefined || others.length > 0 || 'JoinExpr' in item) return undefined;
  const [relation] = Object.values(item) as [Range];
  const table = relation.relation?.RangeVar ?? relation; // Of a TABLESAMPLE.
  return table.alias?.aliasname ?? table.relname;
}

interface Range {
  readonly alias?: { readonly aliasname: string };
  readonly relname?: string;
  readonly relation?: { readonly RangeVar: Range };
}
