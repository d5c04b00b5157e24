import { expect, test } from 'vitest';
import type { Files } from '../support/project.js';
import { createsTable, setUp } from './setup.js';

test('a number such as a time is a migration, not a count', async () => {
  const numbers = [1, 2, 3].map((place) => `2024010112304512${place}`);
  const files = numbers.map((number) => createsTable(number, `t_${number}`));
  const { run } = await setUp(Object.assign({}, ...files) as Files);
  const version = `${numbers[1]}_t_${numbers[1]}`;
  expect(await run(`up ${numbers[1]}`)).toMatchObject({ exitCode: 0, version });
  expect(await run('up')).toMatchObject({ exitCode: 0, applied: [{}] });
  expect(await run(`down ${numbers[1]}`)).toMatchObject({ exitCode: 0, version });
});
