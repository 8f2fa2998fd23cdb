import { setTimeout as delay } from 'node:timers/promises';

import type { Profile } from '../config/profile.js';
import type { HostPort } from '../listener/endpoint.js';

export interface LaunchOptions {
  readonly address: HostPort;
  /** Whether a gateway of the profile is as good on another port. */
  readonly anyPort: boolean;
  readonly profile: Profile;
  /** What an operator types for the program that has the commands which a failure advises. */
  readonly program: string;
  /** Program and arguments that run a gateway in the foreground. Other users can see them. */
  readonly command: readonly [string, ...string[]];
  /** What follows them. It is kept, so that a restart gives it again. */
  readonly flags: readonly string[];
  /** The environment of the gateway, with its secrets. */
  readonly environment: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Ends the launch: a gateway that it has started is stopped, and the launch rejects with the reason. */
  readonly signal: AbortSignal;
  /** Called with one line for each thing that is waited for. */
  readonly report: (line: string) => void;
  /** Called with one line for each thing that went wrong, and that the launch goes on without. */
  readonly warn: (line: string) => void;
}

export interface LaunchedGateway {
  /** Whether this launch has started it; otherwise it was there before. */
  readonly started: boolean;
  /** The process that listens. */
  readonly pid: number;
  readonly url: string;
  /** Absolute; null for a gateway that no launcher has started. */
  readonly logFile: string | null;
}

/** @throws the reason of the signal */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
  signal.throwIfAborted();
}
