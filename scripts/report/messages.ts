import { runMessages } from './messages-run.js';
import { usageMessages } from './messages-usage.js';
import type { Words } from './wording.js';

/** All failures by their code, a stable name. Pure: values in, words out. */
export const messages = { ...usageMessages, ...runMessages } as const satisfies Record<
  string,
  (...values: never[]) => Words
>;

export type MessageCode = keyof typeof messages;
