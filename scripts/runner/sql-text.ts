/** Tells from the text of SQL what it does, as far as that is possible without a parser. */

/** True if the first statement in a text begins or ends a transaction. */
export const controlsTransaction = (sql: string) => TRANSACTION_CONTROL.test(withoutLiterals(sql));
const TRANSACTION_CONTROL =
  /^[\s;]*(BEGIN|COMMIT|END|ABORT|(START|PREPARE)\s+TRANSACTION|ROLLBACK(?!\s+(\w+\s+)?TO\b))\b/i;

/**
 * True if SQL that fails outside a transaction cannot have committed a part of its work. Also searches string
 * literals and comments: only a parser knows for sure where these begin and end, as in `E'\''` and `"a--b"`.
 */
export const isAtomic = (sql: string) => !COMMITS_IN_STEPS.test(sql);
const COMMITS_IN_STEPS = /;\s*\S|\b(CONCURRENTLY|VACUUM|ANALY[SZ]E|REINDEX|CLUSTER|CALL|DO)\b/i;

/** True if a statement, or a DO block, leaves something in the session, such as a setting. */
export const changesSession = (sql: string) => SESSION_STATE.test(withoutLiterals(sql));
// A statement begins at the start, after a semicolon or, in a DO block, after one of these keywords.
const START = String.raw`(^|;|\b(BEGIN|THEN|ELSE|LOOP)\b)\s*`;
const SETS = String.raw`SET\b(?!\s+(LOCAL|CONSTRAINTS|TRANSACTION)\b)`;
const MAKES = String.raw`CREATE\s+((OR|REPLACE|GLOBAL|LOCAL)\s+)*TEMP|PREPARE\b|LISTEN\b`;
const USES = String.raw`\b(set_config|pg_(try_)?advisory_lock|pg_temp\.|WITH\s+HOLD\s+FOR\b)`;
const SESSION_STATE = new RegExp(`${START}(${SETS}|${MAKES})|${USES}`, 'i');

/**
 * True if `plan` may send this statement for a migration. The transaction of `plan` is READ ONLY, so
 * PostgreSQL refuses writes, but accepts a new setting or an advisory lock. This function refuses these two.
 */
export const isQuery = (sql: string) => QUERY.test(withoutLiterals(sql));
const QUERY =
  /^[\s(]*(SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN)\b(?![^]*\b(set_config|pg_(try_)?advisory))/i;

/** Removes string literals and comments from SQL. Not exact, but fast, even for many megabytes. */
const withoutLiterals = (sql: string) => sql.replaceAll(/'[^']*'|--.*|\/\*[^]*?\*\//g, ' ');
