import type { Socket } from 'node:net';

import { within } from './deadline.js';
import { encodeFrame, FrameDecoder, Opcode, type Frame, type ReceivedFrame } from './frames.js';
import { rawConnection } from './net.js';
import { ABOUT, type Response } from './operator.js';
import { TOKEN } from './token.js';

const END_OF_HEAD = '\r\n\r\n';
/** Only a failure waits for so long; in milliseconds. */
const DEADLINE_MS = 20_000;

/** A client that writes its frames by hand, and so may write them wrong. */
export class RawPeer {
  /** The head of the answer to its upgrade. */
  head = '';
  /** Resolves with the payload of the close frame that it gets, or without one when the connection ends. */
  readonly closed: Promise<Buffer | undefined>;
  /** Resolves when the connection is gone. */
  readonly gone: Promise<void>;

  readonly #frames: ReceivedFrame[] = [];
  readonly #decoder = new FrameDecoder();
  #check: () => void = () => undefined;
  #onClosed!: (payload?: Buffer) => void;

  private constructor(readonly socket: Socket) {
    this.closed = new Promise((resolve) => (this.#onClosed = resolve));
    this.gone = new Promise((resolve) => socket.once('close', () => resolve()));
    void this.gone.then(() => this.#onClosed());
    socket.on('data', (chunk) => this.#receive(chunk));
  }

  /** Asks for an upgrade, and waits for the answer, whatever it is. */
  static async open(url: string, headers: Readonly<Record<string, string | undefined>> = {}): Promise<RawPeer> {
    const { hostname, port } = new URL(url);
    const peer = new RawPeer(await rawConnection(Number(port), hostname));
    const all: Readonly<Record<string, string | undefined>> = {
      Host: `${hostname}:${port}`,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : `${name}: ${value}\r\n`));
    peer.socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`);
    await peer.#until('an answer to the upgrade', () => peer.head.includes(END_OF_HEAD) || undefined);
    return peer;
  }

  /** One that has been let in. */
  static async admitted(url: string): Promise<RawPeer> {
    const peer = await RawPeer.open(url);
    const answer = await peer.ask('connect', 'connect', { ...ABOUT, auth: { token: TOKEN } });
    if (!answer.ok) throw new Error(`not let in: ${JSON.stringify(answer.error)}`);
    return peer;
  }

  get status(): number {
    return Number(this.head.split(' ')[1]);
  }

  send(...frames: readonly (Frame | Buffer)[]): void {
    this.socket.write(Buffer.concat(frames.map((frame) => (Buffer.isBuffer(frame) ? frame : encodeFrame(frame)))));
  }

  /** The first frame of a kind that has not been taken yet. */
  async take(opcode: number): Promise<ReceivedFrame> {
    return this.#until(`a frame with opcode ${opcode}`, () => {
      const index = this.#frames.findIndex((frame) => frame.opcode === opcode);
      return this.#frames.splice(index, index === -1 ? 0 : 1)[0];
    });
  }

  /** The first frame of a message that has more than one. */
  async firstFragment(): Promise<ReceivedFrame> {
    for (;;) {
      const frame = await this.take(Opcode.TEXT);
      if (!frame.fin) return frame;
    }
  }

  async answerTo(id: string): Promise<Response> {
    for (;;) {
      const { payload } = await this.take(Opcode.TEXT);
      const message = JSON.parse(payload.toString()) as Response;
      if (message.id === id) return message;
    }
  }

  async ask(id: string, method: string, params?: object): Promise<Response> {
    this.send({ opcode: Opcode.TEXT, payload: JSON.stringify({ type: 'req', id, method, params }) });
    return this.answerTo(id);
  }

  /** The code that it is closed with; `undefined` for a connection that ends without one. */
  async closeCode(): Promise<number | undefined> {
    const payload = await within(DEADLINE_MS, 'a close frame', this.closed);
    return payload && payload.length >= 2 ? payload.readUInt16BE() : undefined;
  }

  /** Ends its side, and waits for the other. */
  async end(): Promise<void> {
    this.socket.end();
    await within(DEADLINE_MS, 'the end of the connection', this.gone);
  }

  async #until<T>(what: string, look: () => T | undefined): Promise<T> {
    const found = new Promise<T>((resolve) => {
      this.#check = () => {
        const value = look();
        if (value === undefined) return;
        // At once: what comes in the same chunk is for the next question.
        this.#check = () => undefined;
        resolve(value);
      };
    });
    this.#check();
    const ended = this.gone.then(() => {
      throw new Error(`the connection ended before ${what}`);
    });
    return within(DEADLINE_MS, what, Promise.race([found, ended])).finally(() => (this.#check = () => undefined));
  }

  #receive(chunk: Buffer): void {
    let rest = chunk;
    if (!this.head.includes(END_OF_HEAD)) {
      const text = this.head + chunk.toString('latin1');
      const end = text.indexOf(END_OF_HEAD);
      const kept = end === -1 ? text.length : end + END_OF_HEAD.length;
      rest = chunk.subarray(kept - this.head.length);
      this.head = text.slice(0, kept);
    }
    for (const frame of this.#decoder.push(rest)) {
      this.#frames.push(frame);
      if (frame.opcode === Opcode.CLOSE) this.#onClosed(frame.payload);
    }
    this.#check();
  }
}
