/** What the gateway sends, as far as the page reads it. */

export interface Card {
  readonly service: string;
  readonly pid: number;
  readonly profile: string;
  readonly version: string;
  readonly phase: string;
  readonly startedAt: number;
  readonly url: string;
  readonly addresses?: readonly string[];
  readonly fleet?: { readonly name: string; readonly role: string; readonly token: string };
}

export interface Hello {
  readonly features: { readonly methods: readonly string[] };
  readonly auth: { readonly scopes: readonly string[] };
}

export interface ConfigState {
  readonly path: string | null;
  readonly exists: boolean;
  readonly valid: boolean;
  readonly issues: readonly { readonly path: string; readonly message: string }[];
}

export interface LogTail {
  readonly cursor: number;
  readonly lines: readonly string[];
  readonly reset: boolean;
}

export interface ShutdownNotice {
  readonly reason: string;
  readonly restartExpectedMs: number | null;
}

export interface RequestError {
  readonly code: string;
  readonly message: string;
  readonly details?: { readonly code?: string };
}

/** A message of the control port. */
export type Message =
  | { readonly type: 'event'; readonly event: string; readonly payload: unknown }
  | { readonly type: 'res'; readonly id: string; readonly ok: true; readonly payload: unknown }
  | { readonly type: 'res'; readonly id: string; readonly ok: false; readonly error: RequestError };
