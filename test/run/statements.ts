import pg from 'pg';
import { onTestFinished } from 'vitest';

/** What a run sends to the server: one query each is one round trip, however many statements it holds. */
export interface Sent {
  /** Connections opened, by their purpose: `run`, `lock`, `watch`. */
  readonly connections: Record<string, number>;
  /** The queries, by the purpose of the connection that they went over. */
  readonly queries: Record<string, string[]>;
}

const purposeOf = (client: pg.Client): string => {
  const { application_name: name = '' } = (
    client as unknown as { connectionParameters: { application_name?: string } }
  ).connectionParameters;
  return /^migrate \w+ (\w+) /.exec(name)?.[1] ?? 'test';
};

/**
 * Notes what this process sends from now on until the test has finished. Not what the test's own sessions send.
 *
 * It listens where `pg` takes a statement, which all of them go through, the framework's as well.
 */
export function listen(): Sent {
  const sent: Sent = { connections: {}, queries: {} };
  const methods = pg.Client.prototype as unknown as Record<
    'connect' | 'query',
    (...values: unknown[]) => unknown
  >;
  const { connect, query } = methods;
  methods.connect = function (this: pg.Client, ...values) {
    const purpose = purposeOf(this);
    if (purpose !== 'test') sent.connections[purpose] = (sent.connections[purpose] ?? 0) + 1;
    return connect.apply(this, values);
  };
  methods.query = function (this: pg.Client, ...values) {
    const [statement] = values as [string | { text: string }];
    const purpose = purposeOf(this);
    if (purpose !== 'test')
      (sent.queries[purpose] ??= []).push(
        typeof statement === 'string' ? statement : statement.text,
      );
    return query.apply(this, values);
  };
  onTestFinished(() => void Object.assign(methods, { connect, query }));
  return sent;
}

/** How many queries went over each kind of connection. */
export const counts = ({ queries }: Sent): Record<string, number> =>
  Object.fromEntries(Object.entries(queries).map(([purpose, texts]) => [purpose, texts.length]));
