/** The help text; the README has the same, which a test compares. */
export const help = `npm run migrate <command> [argument] [options]

  up [n | name]               apply pending migrations: all, the next n, or up to and including name
  down [n | name]             revert the last one, the last n, or down to but not including name
  redo [n]                    down, then up
  status                      each migration, applied or pending, and the outcome of the check
  check                       compare the schema with what the database's version leaves behind
  plan [up|down] [n | name]   print the SQL that would run, as a script for psql
  create <name>               make a new migration and its effect file
  snapshot                    write the effect files anew from what the migrations do

  --dry-run                   with up, down, redo: the same as plan
  --json                      print one JSON object
  --strict                    what is unexpected fails too
  --allow-data-loss           let a run delete rows or values
  --lock-wait <seconds>       wait for another run (60)
  --connect-wait <seconds>    wait for a server that is not there yet (0)
  --lock-timeout <duration>   how long a statement waits for a table lock (2s)
  --statement-timeout <duration>  how long a statement may take (none)
  --retries <n>               after lock timeouts and deadlocks (10)
  --verbose                   say more: statements, stack traces
  --quiet                     say nothing but errors
  --help, --version

The database is the one that DATABASE_URL names (or PGHOST and its kin), in the environment or in .env.
Exit codes: 0 as expected, 1 defect, 2 usage, 3 unavailable, 4 locked, 5 failed, 6 differs, 7 data loss, 8 partial.`;
