import { execute } from './database.ts';
import { startEmbedded, type RunningServer } from './embedded.ts';

export interface TestServer extends RunningServer {
  readonly kind: 'container' | 'embedded' | 'external';
  /** Such as `17.6`. */
  readonly version: string;
}

/** Settings for tests: many connections, and no waiting for the disk. The data may be lost in a crash. */
const settings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
};

/**
 * Starts the PostgreSQL server that the tests run on, or uses the one whose URL is given. test/README.md
 * describes the environment variables that choose it.
 *
 * @throws if TEST_POSTGRES names a server that cannot be used: another one is not used instead
 */
export async function startServer(): Promise<TestServer> {
  const { TEST_POSTGRES: name = '', TEST_POSTGRES_MAJOR: major } = process.env;
  const image = process.env['TEST_POSTGRES_IMAGE'] ?? `postgres:${major ?? '17'}-alpine`;
  if (/^postgres(ql)?:\/\//.test(name))
    return external(name).catch((error: unknown) => fail('the server cannot be used', error));
  if (name === 'embedded') return embedded(major);
  if (name === 'container')
    return container(image).catch((error: unknown) => fail(`no container of ${image}`, error));
  if (name !== '')
    throw new Error(`TEST_POSTGRES is container, embedded or a postgres:// URL, not ${name}`);

  const { hasContainerEngine } = await import('./container.ts');
  if (!(await hasContainerEngine())) return embedded(major);
  try {
    return await container(image);
  } catch (error) {
    console.log(`No container of ${image} (${firstLine(error)}); an embedded server instead.`);
    return embedded(major);
  }
}

const external = (url: string) => describe('external', { url, stop: () => Promise.resolve() });

async function embedded(major: string | undefined): Promise<TestServer> {
  const options = { settings, major: major ? Number(major) : undefined };
  return describe('embedded', await startEmbedded(options));
}

async function container(image: string): Promise<TestServer> {
  const { startContainer } = await import('./container.ts');
  return describe('container', await startContainer(image, settings));
}

async function describe(kind: TestServer['kind'], server: RunningServer): Promise<TestServer> {
  try {
    const [row] = await execute<{ server_version: string }>(server.url, 'SHOW server_version');
    return { ...server, kind, version: String(row?.server_version.split(' ')[0]) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function fail(what: string, cause: unknown): never {
  throw new Error(`TEST_POSTGRES asks for it, but ${what}: ${firstLine(cause)}`, { cause });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
