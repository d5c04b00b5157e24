import { runMessages } from './messages-run.js';
import { usageMessages } from './messages-usage.js';

/** The words of all failures, by their code, a stable name. */
export const messages = { ...usageMessages, ...runMessages } as const;

export type MessageCode = keyof typeof messages;
