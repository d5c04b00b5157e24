import { isDeepStrictEqual } from 'node:util';

/** Whether two definitions of a part mean the same to PostgreSQL. */
type IsSame = (part: string, expected: string, found: string) => boolean;
type Node = Readonly<Record<string, unknown>>;
type Parse = (sql: string) => unknown;

/**
 * Compares definitions by PostgreSQL's own parser, which is loaded when it is first needed.
 *
 * Each is put into the statement that it is a fragment of, and parsed; the syntax trees are compared after
 * the rewrites below. What the parser rejects is compared as text.
 */
export const normalizer = (): Promise<IsSame> => (loaded ??= load());
let loaded: Promise<IsSame> | undefined;

async function load(): Promise<IsSame> {
  const { loadModule, parseSync } = await import('libpg-query');
  await loadModule();
  return (part, expected, found) => {
    // A materialized view that was made without rows is refreshed sooner or later.
    if (expected === found || expected === `${found} WITH NO DATA`) return true;
    const [[wanted, suffix], [other, otherSuffix]] = [
      withoutSuffix(expected),
      withoutSuffix(found),
    ];
    const tree = treeOf(parseSync, statement(part, wanted));
    return (
      suffix === otherSuffix &&
      tree !== null &&
      isDeepStrictEqual(tree, treeOf(parseSync, statement(part, other)))
    );
  };
}

/** What the catalog query appends to a definition, and no statement says in that place. */
function withoutSuffix(definition: string): [definition: string, suffix: string] {
  const pattern = / (?:INVALID|DISABLED|ENABLED (?:REPLICA|ALWAYS)|WITH NO DATA|EXTENSION \S+)$/;
  const suffix = pattern.exec(definition)?.[0] ?? '';
  return [definition.slice(0, definition.length - suffix.length), suffix];
}

/** The statement that a definition is a fragment of. */
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

/** Null for what the parser does not know, such as a definition of a newer server. */
function treeOf(parse: Parse, sql: string): unknown {
  try {
    return rewrite(parse(sql), undefined);
  } catch {
    return null;
  }
}

/**
 * Rewrites a syntax tree, so that what PostgreSQL prints in two ways becomes one tree.
 *
 * @param relation the name of the only relation of the query that the node is in, if there is only one
 */
function rewrite(node: unknown, relation: string | undefined): unknown {
  if (typeof node !== 'object' || node === null) return node;
  let inner = node as Node;
  if ('targetList' in inner || 'fromClause' in inner) relation = onlyRelation(inner['fromClause']);
  for (const [type, rule] of Object.entries(rewrites))
    if (type in inner) inner = rule(inner[type] as Node, relation) ?? inner;
  const entries = Object.entries(inner).filter(
    ([key]) => !/(location|_len|list_start|list_end)$/.test(key),
  );
  return Object.fromEntries(entries.map(([key, value]) => [key, rewrite(value, relation)]));
}

/**
 * By the type of node: what it is the same as, or undefined where it stays. Each has a test. The parser itself
 * makes `a AND b AND c` of `(a AND b) AND c`, so a restored check with BETWEEN needs no rule.
 */
const rewrites: Readonly<Record<string, (node: Node, relation?: string) => Node | undefined>> = {
  // `b IN ('x')` of a varchar is a cast of the array when made by hand, and casts of elements once restored.
  TypeCast({ arg, typeName }) {
    const { elements } = ((arg as Node)['A_ArrayExpr'] ?? {}) as { elements?: Node[] };
    const { arrayBounds, ...elementType } = typeName as Node;
    if (elements === undefined || arrayBounds === undefined) return undefined;
    const cast = (element: Node) =>
      'A_ArrayExpr' in element
        ? rewrites['TypeCast']?.({ arg: element, typeName })
        : { TypeCast: { arg: element, typeName: elementType } };
    return { A_ArrayExpr: { elements: elements.map(cast) } };
  },
  // Before PostgreSQL 16, a column of a query on one relation is printed with the name of the relation.
  ColumnRef({ fields }, relation) {
    const [first, ...rest] = fields as { String?: { sval: string } }[];
    const isQualified =
      rest.length > 0 && relation !== undefined && first?.String?.sval === relation;
    return isQualified ? { ColumnRef: { fields: rest } } : undefined;
  },
  // Before PostgreSQL 15, EXISTS (SELECT true …) is printed with the name that the column has.
  ResTarget({ name, val }) {
    const isTrue = (val as { A_Const?: Node } | undefined)?.A_Const?.['boolval'] !== undefined;
    return name === 'bool' && isTrue ? { ResTarget: { val } } : undefined;
  },
  // In the body of a function only line ends and trailing blanks are ignored: other blanks can have a meaning.
  DefElem({ arg }) {
    const { items } = ((arg as Node | undefined)?.['List'] ?? {}) as {
      items?: { String: { sval: string } }[];
    };
    if (items === undefined) return undefined;
    return {
      body: items.map(({ String: { sval } }) => sval.replaceAll(/[ \t\r]+$/gm, '').trimEnd()),
    };
  },
};

interface Range {
  readonly alias?: { readonly aliasname: string };
  readonly relname?: string;
  readonly relation?: { readonly RangeVar: Range }; // Of a TABLESAMPLE.
}

/** What columns of the only relation after FROM are called by; undefined where there are several. */
function onlyRelation(fromClause: unknown): string | undefined {
  const [item, ...others] = (fromClause ?? []) as Node[];
  if (item === undefined || others.length > 0 || 'JoinExpr' in item) return undefined;
  const [range] = Object.values(item) as [Range];
  const table = range.relation?.RangeVar ?? range;
  return table.alias?.aliasname ?? table.relname;
}
