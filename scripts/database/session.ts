/** A {@link Session} as JSON, of a row of `pg_stat_activity`. */
export const session = (a: string): string => `json_build_object('pid', ${a}.pid, 'application', ${a}.application_name,
    'client', coalesce(host(${a}.client_addr), 'local'), 'state', coalesce(${a}.state, ''),
    'age', extract(epoch FROM now() - coalesce(${a}.xact_start, ${a}.state_change, ${a}.backend_start))::int,
    'query', left(regexp_replace(coalesce(${a}.query, ''), '\\s+', ' ', 'g'), 120))`;
