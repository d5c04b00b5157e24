import { randomBytes } from 'node:crypto';
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { getContainerRuntimeClient, Wait } from 'testcontainers';
import type { RunningServer } from './embedded.ts';

/** Whether a Docker engine, or what stands for one, answers. */
export async function hasContainerEngine(): Promise<boolean> {
  return getContainerRuntimeClient().then(
    () => true,
    () => false,
  );
}

/**
 * Starts a PostgreSQL server from a Docker image; `settings` are the server's.
 *
 * The health check that Testcontainers would run four times a second is put off: PostgreSQL is the first process of the
 * container, so that a check that Docker cuts short on a busy machine becomes its child, and a child that ends by a
 * signal is to PostgreSQL a crash, for which it ends every session ("terminated by signal 13: Broken pipe").
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
