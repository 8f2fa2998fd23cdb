import type { Hello, Message, RequestError, ShutdownNotice } from './wire.js';

/** How the page stands with the gateway. */
export type Link =
  | { readonly state: 'connecting' }
  | { readonly state: 'connected'; readonly hello: Hello }
  | { readonly state: 'wrong token' }
  /** Too many have guessed tokens from this address: the page tries again. */
  | { readonly state: 'held back' }
  /** `expectedAt` in milliseconds since the epoch. */
  | { readonly state: 'restarting'; readonly expectedAt: number }
  | { readonly state: 'gone' };

interface Waiting {
  readonly resolve: (payload: never) => void;
  readonly reject: (error: Error) => void;
}

const RETRY_MS = { first: 250, most: 5_000 };
/** How much longer than it announced a restart may take before the gateway counts as gone. */
const RESTART_GRACE_MS = 10_000;
/** RFC 6455, 7.4.1, and the registry of IANA. */
const SERVICE_RESTART = 1012;
const WRONG_TOKEN = ['AUTH_TOKEN_MISMATCH', 'AUTH_TOKEN_MISSING'];

declare const PAGE_VERSION: string;
const ABOUT = { id: 'control-page', version: PAGE_VERSION, platform: 'browser', mode: 'ui' };

/** A connection to the gateway that the page is from, which is made again whenever it is lost. */
export class Connection {
  /** How many requests of this connection have been answered. */
  answered = 0;
  #socket: WebSocket | undefined;
  #token = '';
  #link: Link = { state: 'connecting' };
  #waiting = new Map<string, Waiting>();
  #nextId = 0;
  #retryMs = RETRY_MS.first;
  #retry: ReturnType<typeof setTimeout> | undefined;

  /** @param url of the WebSocket; the page is served beside it, behind a proxy too */
  constructor(
    private readonly url: string,
    private readonly onLink: (link: Link) => void,
  ) {}

  open(token: string): void {
    this.close();
    this.#token = token;
    this.#retryMs = RETRY_MS.first;
    this.#set({ state: 'connecting' });
    this.#connect();
  }

  /** Closes it for good, until it is opened again. */
  close(): void {
    clearTimeout(this.#retry);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
    this.#forgetRequests();
  }

  /** Rejects with the gateway's own words, or where the connection is lost before the answer. */
  request<T>(method: string, params?: object): Promise<T> {
    if (!this.#isOpen) return Promise.reject(lost());
    return new Promise<T>((resolve, reject) => {
      const id = String(++this.#nextId);
      this.#waiting.set(id, { resolve, reject });
      this.#send(id, method, params);
    });
  }

  #connect(): void {
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    this.answered = 0;
    let end: Link | undefined;
    let notice: ShutdownNotice | undefined;
    socket.onmessage = ({ data }) => {
      if (socket !== this.#socket) return;
      const message = JSON.parse(String(data)) as Message;
      if (message.type === 'event') {
        if (message.event === 'connect.challenge') this.#introduce();
        if (message.event === 'shutdown') notice = message.payload as ShutdownNotice;
      } else if (message.id !== 'connect') {
        this.#answer(message);
      } else if (message.ok) {
        this.#retryMs = RETRY_MS.first;
        this.#set({ state: 'connected', hello: message.payload as Hello });
      } else {
        end = refusalOf(message.error);
      }
    };
    socket.onclose = ({ code }) => {
      if (socket !== this.#socket) return;
      this.#forgetRequests();
      this.#lost(end ?? this.#stateAfter(code, notice));
    };
  }

  #introduce(): void {
    this.#send('connect', 'connect', {
      minProtocol: 3,
      maxProtocol: 4,
      client: ABOUT,
      auth: { token: this.#token },
    });
  }

  #answer(message: Message & { type: 'res' }): void {
    this.answered++;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.ok) waiting?.resolve(message.payload as never);
    else waiting?.reject(new Error(message.error.message));
  }

  #stateAfter(code: number, notice: ShutdownNotice | undefined): Link {
    const restartMs = notice?.restartExpectedMs ?? (code === SERVICE_RESTART ? 0 : null);
    if (restartMs !== null) return { state: 'restarting', expectedAt: Date.now() + restartMs };
    const link = this.#link;
    // A connection that could not be made says nothing new of a restart that is under way.
    if (link.state === 'restarting' && Date.now() < link.expectedAt + RESTART_GRACE_MS) return link;
    return { state: 'gone' };
  }

  #lost(link: Link): void {
    this.#set(link);
    if (link.state === 'wrong token') return;
    this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
    this.#retryMs = link.state === 'restarting' ? RETRY_MS.first : Math.min(2 * this.#retryMs, RETRY_MS.most);
  }

  get #isOpen(): boolean {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  /** The browser takes what is sent while the connection closes for a fault of the page. */
  #send(id: string, method: string, params?: object): void {
    if (!this.#isOpen) return;
    this.#socket?.send(JSON.stringify({ type: 'req', id, method, ...(params && { params }) }));
  }

  #forgetRequests(): void {
    for (const { reject } of this.#waiting.values()) reject(lost());
    this.#waiting.clear();
  }

  #set(link: Link): void {
    this.#link = link;
    this.onLink(link);
  }
}

function refusalOf({ code, details }: RequestError): Link {
  if (WRONG_TOKEN.includes(details?.code ?? '')) return { state: 'wrong token' };
  return { state: code === 'UNAVAILABLE' ? 'held back' : 'gone' };
}

function lost(): Error {
  return new Error('the connection was lost');
}
