import { test } from 'vitest';
import { call } from './support/call.js';
import { testDatabase } from './support/test-database.js';
import { eventually } from './support/eventually.js';
test.each(['CREATE TABLE xx(); LOCK TABLE workflow_executions', 'DROP INDEX idx_workflow_executions_status','LOCK TABLE users'])('%s', async (sql) => {
  const database = await testDatabase({ rows: true });
  const blocker = await database.connect();
  await blocker.query('BEGIN; '+sql);
  const p = call(['up', '--lock-timeout=50ms', '--retries=1'], { url: database.url });
  const r = await Promise.race([p, new Promise((f)=>setTimeout(f,5000))]);
  console.log(sql, r, await database.query("select application_name, left(query,200) q, wait_event, pg_blocking_pids(pid) from pg_stat_activity where application_name like 'migrate%'"));
  await blocker.query('ROLLBACK'); await p;
});
