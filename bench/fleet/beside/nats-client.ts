import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

interface Answer {
  readonly seq?: number;
  readonly error?: { readonly description: string };
}

/** `MSG <subject> <sid> [reply] <bytes>`, and the bytes (the client protocol of NATS). */
const MESSAGE = /^MSG (\S+) \S+ +(?:\S+ +)?(\d+)\r\n/;
const LINE = /^[^\r\n]*\r\n/;

/** As much of a NATS client as a lock takes. */
export class NatsClient {
  readonly #handlers = new Map<string, (text: string) => void>();
  #unread = '';

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#read(text));
    socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
  }

  static async connect(url: string): Promise<NatsClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new NatsClient(socket);
  }

  subscribe(subject: string, handler: (text: string) => void): void {
    this.#handlers.set(subject, handler);
    this.socket.write(`SUB ${subject} ${this.#handlers.size}\r\n`);
  }

  publish(subject: string): void {
    this.socket.write(`PUB ${subject} 0\r\n\r\n`);
  }

  /** Asks JetStream, and resolves with its answer, whatever that is. */
  request(subject: string, text: string, header?: string): Promise<Answer> {
    const inbox = `_INBOX.${randomUUID()}`;
    const head = header === undefined ? '' : `NATS/1.0\r\n${header}\r\n\r\n`;
    const lengths = head === '' ? `${text.length}` : `${head.length} ${head.length + text.length}`;
    return new Promise((resolve) => {
      this.subscribe(inbox, (answer) => resolve(JSON.parse(answer) as Answer));
      this.socket.write(`${head === '' ? 'PUB' : 'HPUB'} ${subject} ${inbox} ${lengths}\r\n${head}${text}\r\n`);
    });
  }

  async close(): Promise<void> {
    this.socket.end();
    await once(this.socket, 'close');
  }

  #read(text: string): void {
    this.#unread += text;
    for (;;) {
      const message = MESSAGE.exec(this.#unread);
      const [head, subject = '', bytes = '0'] = message ?? LINE.exec(this.#unread) ?? [];
      const end = message && head !== undefined ? head.length + Number(bytes) + 2 : (head?.length ?? Infinity);
      if (this.#unread.length < end) return;
      if (message) this.#handlers.get(subject)?.(this.#unread.slice(head?.length, end - 2));
      else if (head === 'PING\r\n') this.socket.write('PONG\r\n');
      this.#unread = this.#unread.slice(end);
    }
  }
}
