import type { MetricsNumbers } from '../../control/metrics/metrics-numbers.js';
import type { ClientEntry } from '../../control/methods/client-entry.js';
import type { PageContext } from '../page-data.js';
import { Connection, type Link } from './connection.js';
import { parseLogLine, type LogLine } from './log-line.js';
import { findToken, forgetToken, keepToken } from './token.js';
import type { Card, ConfigState, LogTail } from './wire.js';

export type Metrics = MetricsNumbers & { readonly standbys: number };

/** What the plots show of one second. */
export interface Sample {
  readonly requestsPerSecond: number;
  readonly loopDelayMs: number;
  readonly memoryMb: number;
}

/** All that the page shows. */
export interface View {
  readonly link: Link | { readonly state: 'no token' };
  readonly card?: Card;
  /** Whether the gateway leaves the page without an answer. */
  readonly isSilent: boolean;
  readonly clients: readonly ClientEntry[];
  readonly metrics?: Metrics;
  readonly samples: readonly Sample[];
  readonly log: readonly LogLine[];
  /** How long the gateway took to say that it is well, the way there and back included. */
  readonly healthMs?: number;
  readonly config?: ConfigState;
  readonly context?: PageContext;
}

const NOTHING = { isSilent: false, clients: [], samples: [], log: [] } as const;
const TICK_MS = 1_000;
/** How many ticks pass between two requests for what changes seldom. */
const TICKS = { clients: 2, state: 5, context: 15, silence: 5 };
export const MAX_SAMPLES = 120;
const MAX_LINES = 1_000;
const BYTES_PER_MB = 1e6;

/** Watches the gateway that the page is from, and tells of each change. */
export class Watch {
  view: View = { link: { state: 'no token' }, ...NOTHING };
  onChange: () => void = () => undefined;

  readonly #base = new URL('.', location.href);
  readonly #connection = new Connection(socketUrl(this.#base), (link) => this.#linked(link));
  #ticks = 0;
  #isAsking = false;
  #waited = 0;
  #lines = 0;
  #cursor: number | undefined;
  #before: { metrics: Metrics; own: number } | undefined;

  start(): void {
    setInterval(() => void this.#tick(), TICK_MS);
    void this.#readCard();
    // An address with a token can also be opened in the tab of a page that is there already.
    addEventListener('hashchange', () => this.#open());
    this.#open();
  }

  #open(): void {
    const token = findToken();
    if (token !== undefined) this.#connection.open(token);
  }

  useToken(token: string): void {
    keepToken(token);
    this.#connection.open(token);
  }

  forgetToken(): void {
    forgetToken();
    this.#connection.close();
    this.#linked({ state: 'no token' });
  }

  async stop(): Promise<void> {
    await this.#connection.request('gateway.shutdown', { reason: 'asked for on the page' });
  }

  async restart(): Promise<void> {
    await this.#connection.request('gateway.restart.request', { reason: 'asked for on the page' });
  }

  #linked(link: View['link']): void {
    if (link.state === 'wrong token') forgetToken();
    if (link.state === 'connected') {
      this.#ticks = 0;
      this.#before = undefined;
      this.#cursor = undefined;
      this.#set({ link, samples: [], log: [] });
      void this.#tick();
    } else if (link.state === 'no token' || link.state === 'wrong token') {
      // What only a token shows goes with it.
      this.#change({ link, ...NOTHING, ...(this.view.card && { card: this.view.card }) });
      void this.#readCard();
    } else {
      this.#set({ link });
    }
  }

  async #tick(): Promise<void> {
    if (this.view.link.state !== 'connected') {
      if (this.#ticks++ % TICKS.state === 0) await this.#readCard();
      return;
    }
    if (this.#isAsking) {
      if (++this.#waited === TICKS.silence) this.#set({ isSilent: true });
      return;
    }
    this.#isAsking = true;
    this.#waited = 0;
    const { methods } = this.view.link.hello.features;
    const tick = this.#ticks++;
    const asked: Promise<void>[] = [];
    const ask = (method: string, take: (answer: never) => void, params?: object): void => {
      if (methods.includes(method)) asked.push(this.#connection.request<never>(method, params).then(take));
    };
    const askedAt = performance.now();
    // First, so that it does not wait behind the others.
    if (tick % TICKS.state === 0) ask('health', () => this.#set({ healthMs: performance.now() - askedAt }));
    ask('gateway.metrics', (metrics: Metrics) => this.#measured(metrics));
    ask('logs.tail', (tail: LogTail) => this.#logged(tail), this.#cursor === undefined ? {} : { cursor: this.#cursor });
    if (tick % TICKS.clients === 0) {
      ask('gateway.clients', ({ clients }: Pick<View, 'clients'>) => this.#set({ clients }));
    }
    if (tick % TICKS.state === 0) {
      ask('status', (card: Card) => this.#set({ card }));
      ask('config.get', (config: ConfigState) => this.#set({ config }));
    }
    if (tick % TICKS.context === 0) ask('page.context', (context: PageContext) => this.#set({ context }));
    // A token may allow some of them and not others; a connection that was lost tells of itself.
    await Promise.allSettled(asked);
    this.#isAsking = false;
    if (this.view.isSilent) this.#set({ isSilent: false });
  }

  #measured(metrics: Metrics): void {
    const own = this.#connection.answered;
    const before = this.#before;
    this.#before = { metrics, own };
    const sample = before && sampleOf(before.metrics, metrics, own - before.own);
    const samples = sample ? [...this.view.samples, sample].slice(-MAX_SAMPLES) : this.view.samples;
    this.#set({ metrics, samples });
  }

  #logged({ cursor, lines, reset }: LogTail): void {
    this.#cursor = cursor;
    if (lines.length === 0 && !reset) return;
    const read = lines.slice(-MAX_LINES).map((line) => parseLogLine(line, this.#lines++));
    this.#set({ log: [...(reset ? [] : this.view.log), ...read].slice(-MAX_LINES) });
  }

  /** The card needs no token. */
  async #readCard(): Promise<void> {
    try {
      const response = await fetch(new URL('.well-known/gateway', this.#base));
      if (response.ok) this.#set({ card: (await response.json()) as Card, isSilent: false });
    } catch {
      this.#set({ isSilent: true });
    }
  }

  #set(change: Partial<View>): void {
    this.#change({ ...this.view, ...change });
  }

  #change(view: View): void {
    this.view = view;
    this.onChange();
  }
}

/** @param own how many requests of this page are among those that were answered meanwhile */
function sampleOf(before: Metrics, now: Metrics, own: number): Sample {
  const seconds = (now.ts - before.ts) / 1_000;
  const delays = now.eventLoopDelay.count - before.eventLoopDelay.count;
  const delay = now.eventLoopDelay.seconds - before.eventLoopDelay.seconds;
  return {
    requestsPerSecond: seconds > 0 ? Math.max(now.requests - before.requests - own, 0) / seconds : 0,
    loopDelayMs: delays > 0 ? (delay / delays) * 1_000 : 0,
    memoryMb: now.memory.rssBytes / BYTES_PER_MB,
  };
}

function socketUrl(base: URL): string {
  const url = new URL(base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
