import type { AppParts } from './app.js';
import { startControl, type ControlApp } from './control.js';

export interface ListeningControlApp extends ControlApp {
  readonly url: string;
  readonly port: number;
}

/** A gateway with the protocol of the control port, and where it listens. */
export async function startControlApp(parts: AppParts = {}): Promise<ListeningControlApp> {
  const started = await startControl(parts);
  const { url } = started.lock;
  return { ...started, url, port: Number(new URL(url).port) };
}
