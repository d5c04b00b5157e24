import { expect, test } from 'vitest';
import { diagram } from '../../scripts/report/diagram.ts';
import { merge, type Effect } from '../../scripts/schema/effects.ts';
import { textOf } from '../support/root.ts';

const sample = (file: string) => textOf(`test/check/samples/${file}`);

test('the diagram has tables with columns, keys and references, and nothing else', () => {
  const effect = JSON.parse(sample('diagram.json')) as Effect;
  expect(diagram('0001_a', merge([effect]))).toBe(sample('diagram.md'));
});

test('the diagram of a project without tables is empty', () => {
  expect(diagram('0000_prerequisites', new Map())).toContain('```mermaid\nerDiagram\n```');
});
