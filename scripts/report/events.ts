import type { Holder } from '../database/run-lock.js';
import type { Blocker, WatchEvent } from '../database/watch.js';
import type { Loss } from '../database/data-loss.js';

/** What happens during a run that a person who waits wants to know. */
export type Event =
  | { readonly type: 'waiting'; readonly holder: Holder | undefined }
  | WatchEvent
  | {
      readonly type: 'retry';
      readonly attempt: number;
      readonly retries: number;
      readonly pause: number;
      readonly reason: string;
      readonly blockers: readonly Blocker[];
    }
  | { readonly type: 'deleting'; readonly losses: readonly Loss[] };
