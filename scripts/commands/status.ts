import type { Context, Success } from '../context.js';
import { check } from './check.js';

/** Each migration, applied or pending, and the outcome of the check: the report makes a table of the facts. */
export const status = (context: Context): Promise<Success> => check(context);
