import type { TestProject } from 'vitest/node';
import { makeTemplate } from './database.ts';
import { startServer, type TestServer } from './server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    server: Pick<TestServer, 'url' | 'kind' | 'version'> & {
      /** The name of a database with the application's base schema, which tests copy. */
      readonly template: string;
      /** The name of such a database that also has the application's rows. */
      readonly templateWithRows: string;
    };
  }
}

/** Starts one server for the whole test run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { url, kind, version, stop } = await startServer();
  console.log(`Tests run on PostgreSQL ${version}, ${kind}.`);
  try {
    const templates = [await makeTemplate(url), await makeTemplate(url, { rows: true })] as const;
    const [template, templateWithRows] = templates;
    const names = { template: template.name, templateWithRows: templateWithRows.name };
    project.provide('server', { url, kind, version, ...names });
    return async () => {
      for (const database of templates) await database.drop();
      await stop();
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
