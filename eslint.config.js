import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  globalIgnores(['dist/', '.cache/', '.postgres/']),
  js.configs.recommended,
  {
    rules: {
      // A file should have one subject.
      'max-lines': ['error', 200],
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // A number in a template is printed as expected. An object or null is usually a mistake.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // `() => stop()` is easier to read than `() => { stop(); }`.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
    },
  },
  {
    // Only runner/framework.ts imports the framework, except for types. Only migrate.ts prints.
    files: ['scripts/**/*.ts'],
    rules: {
      'no-console': 'error',
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'node-pg-migrate',
              allowTypeImports: true,
              message: 'Only runner/framework.ts runs it.',
            },
          ],
        },
      ],
    },
  },
  {
    // Files of pure functions: no database, no files, no clock, no process.
    files: ['scripts/schema/{compare,effects}.ts', 'scripts/report/*.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['pg'], patterns: ['node:*'] }],
      'no-restricted-globals': ['error', 'Date', 'process'],
    },
  },
  {
    files: ['scripts/runner/framework.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' },
  },
  {
    files: ['scripts/migrate.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: ['**/*.{js,cjs,mjs}'],
    languageOptions: {
      globals: { __dirname: 'readonly', Buffer: 'readonly', URL: 'readonly', process: 'readonly' },
    },
  },
);
