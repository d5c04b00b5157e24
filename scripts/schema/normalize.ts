import { isDeepStrictEqual } from 'node:util';

type Node = Readonly<Record<string, unknown>>;

/**
 * True if two definitions of a part mean the same to PostgreSQL. If the texts differ, this makes a statement
 * of each, parses both with PostgreSQL's own parser, and compares the syntax trees. If the parser rejects a
 * statement, the definitions differ.
 */
export async function meanTheSame(part: string, expected: string, found: string): Promise<boolean> {
  // WITH NO DATA only says how a materialized view was created: it may have been refreshed since.
  if (expected === found || expected === `${found} WITH NO DATA`) return true;
  // SUFFIX has a group, so the second item is the suffix.
  const [wanted = '', suffix] = expected.split(SUFFIX);
  const [other = '', otherSuffix] = found.split(SUFFIX);
  if (suffix !== otherSuffix) return false;
  const tree = await treeOf(statement(part, wanted));
  return tree !== null && isDeepStrictEqual(tree, await treeOf(statement(part, other)));
}

/** Words that the catalog query adds at the end of a definition. The parser would reject them. */
const SUFFIX = / (INVALID|DISABLED|ENABLED (?:REPLICA|ALWAYS)|WITH NO DATA|EXTENSION \S+)$/;

/** Completes a definition to a statement that the parser accepts. The names in it do not matter. */
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

/** The rewritten syntax tree; null if the parser rejects the statement. */
async function treeOf(sql: string): Promise<unknown> {
  const { loadModule, parseSync } = await import('libpg-query'); // 1.8 MB: loaded when first needed.
  await loadModule();
  let tree: unknown;
  try {
    tree = parseSync(sql);
  } catch {
    return null;
  }
  return rewrite(tree, undefined);
}

/**
 * Rewrites a syntax tree, so that all texts that PostgreSQL prints for one definition give the same tree.
 * `relation` is the table that the surrounding query reads, if it reads only one.
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

/** One rule for each type of node. `(a AND b) AND c` needs none: the parser itself makes `a AND b AND c`. */
const rewrites: Readonly<Record<string, (node: Node, relation?: string) => Node | undefined>> = {
  // For a varchar, `b IN ('x')` is printed with a cast of the whole array; after a restore, of each element.
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
  // Before PostgreSQL 16, a column is printed with its table, even if the query reads only one table.
  ColumnRef({ fields }, relation) {
    const [first, ...rest] = fields as { String?: { sval: string } }[];
    const isQualified =
      rest.length > 0 && relation !== undefined && first?.String?.sval === relation;
    return isQualified ? { ColumnRef: { fields: rest } } : undefined;
  },
  // After a restore, `EXISTS (SELECT NULL::text …)` is printed as `EXISTS (SELECT NULL::text AS text …)`: the
  // constant then has a name, that of its type. Before PostgreSQL 15, `true` has one from the beginning.
  ResTarget({ name, val }) {
    const { A_Const, TypeCast } = (val ?? {}) as { A_Const?: Node; TypeCast?: Cast };
    const isBoolean = name === 'bool' && A_Const?.['boolval'] !== undefined;
    const isType = name === TypeCast?.typeName.names.at(-1)?.String.sval;
    const isNamedByType = isType && TypeCast !== undefined && 'A_Const' in TypeCast.arg;
    return isBoolean || isNamedByType ? { ResTarget: { val } } : undefined;
  },
  // In the body of a function, blanks at the end of a line are ignored, and so is CR before LF. Other blanks may
  // have a meaning, such as those in a string.
  DefElem({ defname, arg }) {
    const { items } = ((arg as Node | undefined)?.['List'] ?? {}) as {
      items?: { String: { sval: string } }[];
    };
    if (defname !== 'as' || items === undefined) return undefined;
    return {
      body: items.map(({ String: { sval } }) => sval.replaceAll(/[ \t\r]+$/gm, '').trimEnd()),
    };
  },
};

interface Cast {
  readonly arg: Node;
  readonly typeName: { readonly names: readonly { readonly String: { readonly sval: string } }[] };
}

interface Range {
  readonly alias?: { readonly aliasname: string };
  readonly relname?: string;
  readonly relation?: { readonly RangeVar: Range }; // Of a TABLESAMPLE.
}

/** The name or alias of the table after FROM, if there is only one. */
function onlyRelation(fromClause: unknown): string | undefined {
  const [item, ...others] = (fromClause ?? []) as Node[];
  if (item === undefined || others.length > 0 || 'JoinExpr' in item) return undefined;
  const [range] = Object.values(item) as [Range];
  const table = range.relation?.RangeVar ?? range;
  return table.alias?.aliasname ?? table.relname;
}
