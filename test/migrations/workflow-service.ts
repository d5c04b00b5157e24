import type pg from 'pg';

type UserWorkflow = Readonly<Record<string, unknown>> & { readonly id: string };
type Values = Readonly<Partial<Record<'name' | 'definition' | 'config' | 'is_favorite', unknown>>>;

/** Stands in for the application's `WorkflowDatabaseService`: FACTS.md, "Who uses the tables". */
export function workflowService(pool: pg.Pool) {
  const ask = async (sql: string, values: readonly unknown[]) =>
    (await pool.query<UserWorkflow>(sql, [...values])).rows;
  return {
    getUserWorkflows: (userId: string) =>
      ask(
        'SELECT * FROM user_workflows WHERE user_id = $1 AND is_active ORDER BY created_at DESC',
        [userId],
      ),
    getUserWorkflow: async (userId: string, id: string) =>
      (await ask('SELECT * FROM user_workflows WHERE user_id = $1 AND id = $2', [userId, id]))[0],
    createUserWorkflow: async (userId: string, { name, definition, config = {} }: Values) => {
      const values = [userId, name, JSON.stringify(definition), JSON.stringify(config)];
      const sql =
        'INSERT INTO user_workflows (user_id, name, definition, config) VALUES ($1, $2, $3, $4) RETURNING *';
      const [created] = await ask(sql, values);
      if (created === undefined) throw new Error('no workflow was created');
      return created;
    },
    updateUserWorkflow: async (userId: string, id: string, values: Values) =>
      (
        await ask(
          `UPDATE user_workflows SET name = coalesce($3, name), is_favorite = coalesce($4, is_favorite)
           WHERE user_id = $1 AND id = $2 RETURNING *`,
          [userId, id, values.name, values.is_favorite],
        )
      )[0],
    deleteUserWorkflow: async (userId: string, id: string) => {
      const sql = 'DELETE FROM user_workflows WHERE user_id = $1 AND id = $2 RETURNING *';
      return (await ask(sql, [userId, id])).length === 1;
    },
  };
}
