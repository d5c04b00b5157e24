import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { limits } from './cases/limits.js';
import { differencesIn, isKnownHere, Stage } from './alarm.js';
import { call } from '../support/call.js';
import { root as repository } from '../support/root.js';

const stage = new Stage();
afterAll(() => stage.close());

for (const [words, cases] of Object.entries(limits))
  describe.concurrent(`the check does not see ${words}`, () => {
    test.for(cases.filter(isKnownHere))('$name', async ({ make, spoil }) => {
      await stage.withCopy(make, async (copy, root) => {
        await copy.query(spoil);
        expect(await differencesIn(copy, root)).toEqual([]);
      });
    });
  });

test('the README says what the check does not see, all of it and no more', () => {
  const readme = readFileSync(join(repository, 'README.md'), 'utf8');
  const section = /^## What the check does not see\n\n([^]*?)(?=\n## |$(?![^]))/m.exec(readme)?.[1];
  const listed = [...(section ?? '').matchAll(/^- (.*?)[;.]$/gm)].map(([, words]) => words);
  expect(listed).toEqual(Object.keys(limits));
});

test('without --strict, what is unexpected on a table of ours is a warning', async () => {
  await stage.withCopy('CREATE TABLE t (a integer)', async (copy, root) => {
    await copy.query('CREATE INDEX mine ON t (a)');
    const { code, stderr, stdout } = await call(['check'], { url: copy.url, root });
    expect({ code, isNamed: /unexpected +index +public\.mine/.test(stdout + stderr) }).toEqual({
      code: 0,
      isNamed: true,
    });
  });
});
