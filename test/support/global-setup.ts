import type { TestProject } from 'vitest/node';
import { makeTemplate } from './database.js';
import { startServer } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    server: {
      /** A superuser's. */
      readonly url: string;
      readonly kind: 'container' | 'embedded' | 'external';
      readonly version: string;
      /** A database with the application's base schema, to make others from. */
      readonly template: string;
    };
  }
}

/** One server for the whole run of tests. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const { url, kind, version, stop } = await startServer();
  console.log(`Tests run on PostgreSQL ${version}, ${kind}.`);
  const template = await makeTemplate(url).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  project.provide('server', { url, kind, version, template: template.name });
  return async () => {
    await template.drop();
    await stop();
  };
}
