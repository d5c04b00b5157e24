import { randomBytes } from 'node:crypto';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import type { RunningServer } from './embedded.ts';

/** True if a Docker engine, or a compatible one, answers. */
export async function hasContainerEngine(): Promise<boolean> {
  const client = await getContainerRuntimeClient().catch(() => undefined);
  return client !== undefined;
}

/**
 * Starts a PostgreSQL server from a Docker image, with these settings of the server.
 *
 * Testcontainers would run a health check four times a second; this one runs once a day. On a busy machine,
 * Docker kills such checks. PostgreSQL, as process 1 of the container, then takes the check for a process of
 * its own that has crashed ("terminated by signal 13: Broken pipe"), and ends every session.
 */
export async function startContainer(
  image: string,
  settings: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const container = await new PostgreSqlContainer(image)
    .withDatabase('postgres')
    .withUsername('postgres')
    .withPassword(randomBytes(12).toString('hex'))
    .withCommand(Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]))
    .withHealthCheck({ test: ['CMD', 'true'], interval: 24 * 3_600_000 })
    .withWaitStrategy(Wait.forSuccessfulCommand('pg_isready --host 127.0.0.1 --username postgres'))
    .start();
  return {
    url: container.getConnectionUri(),
    stop: async () => {
      await container.stop();
    },
  };
}
