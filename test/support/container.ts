import { randomBytes } from 'node:crypto';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import type { RunningServer } from './embedded.ts';

/** True if a Docker engine, or a compatible one, answers. */
export async function hasContainerEngine(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/**
 * Starts a PostgreSQL server from a Docker image, with these settings of the server.
 *
 * Without the health check that Testcontainers would run four times a second. On a busy machine, Docker ends such a
 * check with a signal. PostgreSQL, the first process of the container, is then its parent, takes this for a crash of
 * one of its own processes ("terminated by signal 13: Broken pipe"), and ends every session.
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
