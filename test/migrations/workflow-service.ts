import type pg from 'pg';

export interface UserWorkflow {
  readonly id: string;
  readonly user_id: string;
  readonly name: string;
  readonly definition: unknown;
  readonly config: unknown;
  readonly is_active: boolean;
  readonly is_favorite: boolean;
  readonly execution_count: number;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Stands in for the application's `WorkflowDatabaseService`: FACTS.md, "Who uses the tables". */
export interface WorkflowService {
  readonly getUserWorkflows: (userId: string) => Promise<UserWorkflow[]>;
  readonly getUserWorkflow: (userId: string, id: string) => Promise<UserWorkflow | undefined>;
  readonly createUserWorkflow: (
    userId: string,
    values: { readonly name: string; readonly definition: unknown; readonly config?: unknown },
  ) => Promise<UserWorkflow>;
  readonly updateUserWorkflow: (
    userId: string,
    id: string,
    values: { readonly name?: string; readonly is_favorite?: boolean },
  ) => Promise<UserWorkflow | undefined>;
  readonly deleteUserWorkflow: (userId: string, id: string) => Promise<boolean>;
}

export function workflowService(pool: pg.Pool): WorkflowService {
  const ask = async (sql: string, values: readonly unknown[]) =>
    (await pool.query<UserWorkflow>(sql, [...values])).rows;
  return {
    getUserWorkflows: (userId) =>
      ask(
        'SELECT * FROM user_workflows WHERE user_id = $1 AND is_active ORDER BY created_at DESC',
        [userId],
      ),
    getUserWorkflow: async (userId, id) =>
      (await ask('SELECT * FROM user_workflows WHERE user_id = $1 AND id = $2', [userId, id]))[0],
    createUserWorkflow: async (userId, { name, definition, config = {} }) => {
      const values = [userId, name, JSON.stringify(definition), JSON.stringify(config)];
      const sql =
        'INSERT INTO user_workflows (user_id, name, definition, config) VALUES ($1, $2, $3, $4) RETURNING *';
      const [created] = await ask(sql, values);
      if (created === undefined) throw new Error('no workflow was created');
      return created;
    },
    updateUserWorkflow: async (userId, id, { name = null, is_favorite = null }) => {
      const sql = `UPDATE user_workflows SET name = coalesce($3, name), is_favorite = coalesce($4, is_favorite)
        WHERE user_id = $1 AND id = $2 RETURNING *`;
      return (await ask(sql, [userId, id, name, is_favorite]))[0];
    },
    deleteUserWorkflow: async (userId, id) =>
      (
        await ask('DELETE FROM user_workflows WHERE user_id = $1 AND id = $2 RETURNING *', [
          userId,
          id,
        ])
      ).length === 1,
  };
}
