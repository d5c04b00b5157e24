import type { Context, Success } from '../context.js';
export function plan(_context: Context): Promise<Success> {
  return Promise.reject(new Error('not yet'));
}
