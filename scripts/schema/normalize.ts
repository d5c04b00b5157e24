import type { State } from './model.js';

/**
 * Makes the definition of a view read the same on every PostgreSQL: before 16 each column of a view on one table is
 * written with the table's name before it, since 16 without (commit 47bb9db75, "Get rid of the NEW and OLD entries").
 * White space is folded, since only lines differ by it.
 */
export function normalizeView(state: State): State {
  if (typeof state === 'string' || typeof state['definition'] !== 'string') return state;
  const definition = state['definition'].replaceAll(/\s+/g, ' ').trim();
  const source =
    /^SELECT .*? FROM (?:ONLY )?((?:"(?:[^"]|"")+"|[\w$]+)\.)?("(?:[^"]|"")+"|[\w$]+)(?: ("(?:[^"]|"")+"|[a-z_][\w$]*))?(?=[ ;)])/.exec(
      definition,
    );
  const alias = source?.[3] ?? source?.[2];
  if (alias === undefined) return { ...state, definition };
  const escaped = alias.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return { ...state, definition: definition.replaceAll(new RegExp(`(?<![\\w$."])${escaped}\\.(?=["\\w])`, 'g'), '') };
}
