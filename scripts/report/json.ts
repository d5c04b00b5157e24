import type { Facts } from '../context.js';
import type { Failure } from '../errors.js';

/** What a call came to. */
export interface Report {
  readonly command: string | null;
  readonly outcome: string;
  readonly exitCode: number;
  readonly facts: Facts;
  readonly milliseconds: number;
  readonly error: Failure | null;
}

/** The report as other programs read it; `report.schema.json` describes it. */
export function asJson({ command, outcome, exitCode, facts, milliseconds, error }: Report): string {
  const { ledger } = facts;
  const report = {
    command,
    outcome,
    exitCode,
    version: facts.version,
    applied: facts.applied,
    reverted: facts.reverted,
    pending: facts.pending,
    differences: [...(error?.details.differences ?? facts.failing), ...facts.warnings],
    database: facts.database,
    milliseconds,
    error:
      error === null
        ? null
        : { code: error.code, sqlstate: error.details.sqlstate ?? null, message: error.message, hint: error.hint },
    ...(command === 'status' && ledger !== undefined
      ? {
          migrations: [...ledger.applied, ...ledger.pending].map(({ name }) => ({
            name,
            appliedOn: ledger.appliedOn.get(name) ?? null,
          })),
        }
      : {}),
    ...(facts.output === undefined ? {} : { output: facts.output }),
  };
  return JSON.stringify(report);
}
