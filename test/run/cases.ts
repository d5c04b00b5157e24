import { readBlocks } from '../support/blocks.ts';
import { sqlStep, type Files } from '../support/project.ts';

const keys = ['base', 'prerequisites', 'up', 'effect', 'then', 'then-effect', 'expect'] as const;

/**
 * Reads the cases of a file in `cases/`:
 * - `base`: SQL that runs before the migrations
 * - `prerequisites`: the prerequisites of the project
 * - `up`, `effect`: the migration `0002_b`
 * - `then`, `then-effect`: the migration `0003_c`
 * - `expect`: a text that the test looks for in the failure; without it, the run must succeed
 */
export const readCases = (file: string) =>
  readBlocks(`run/cases/${file}`, keys).map(({ name, first, effect }) => {
    const files: Files = {
      'migrations/schema/0000_prerequisites.json': effect('prerequisites'),
      ...sqlStep('0002_b', effect('effect'), first('up')),
      ...(first('then') === '' ? {} : sqlStep('0003_c', effect('then-effect'), first('then'))),
    };
    return [name, { base: first('base'), files, expected: first('expect') }] as const;
  });
