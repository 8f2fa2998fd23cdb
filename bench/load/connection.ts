import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

import { clientFrame, FrameReader, Opcode } from './frames.js';

/** What a server has to be told first by those who come. */
export interface Admission {
  readonly request: string;
  /** How many messages come before it, and with its answer. */
  readonly before: number;
  readonly after: number;
}

const END_OF_HEADERS = '\r\n\r\n';

/** One WebSocket client, which does no more than it must: it counts messages by their lengths. */
export class Connection {
  /** Is given the length of each text message, in bytes. */
  onText: (length: number) => void = () => undefined;

  readonly #socket: Socket;
  readonly #reader = new FrameReader((opcode, length) => this.#onFrame(opcode, length));
  #onClose: (error: Error) => void = () => undefined;

  private constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('error', (error) => this.#onClose(error));
    this.#socket.on('close', () => this.#onClose(new Error('the server hung up')));
  }

  /** @param onLost called if the server ends it later */
  static async open(
    port: number,
    admission: Admission | undefined,
    onLost: (error: Error) => void,
  ): Promise<Connection> {
    const connection = new Connection(port);
    await new Promise<void>((resolve, reject) => {
      connection.#onClose = reject;
      connection.#enter(port, admission, resolve);
    });
    connection.#onClose = onLost;
    return connection;
  }

  send(frames: Buffer): void {
    this.#socket.write(frames);
  }

  /** From now on it reads nothing. */
  pause(): void {
    this.#socket.pause();
  }

  close(): void {
    this.#onClose = () => undefined;
    this.#socket.destroy();
  }

  #enter(port: number, admission: Admission | undefined, onEntered: () => void): void {
    let texts = 0;
    this.onText = () => {
      texts++;
      if (texts === admission?.before) this.send(clientFrame(Opcode.TEXT, admission.request));
      if (texts === admission?.after) onEntered();
    };
    let head = Buffer.alloc(0);
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(END_OF_HEADERS);
      if (end === -1) return;
      const [status = ''] = head.toString('latin1').split('\r\n');
      if (!status.startsWith('HTTP/1.1 101')) {
        this.#onClose(new Error(`the upgrade was answered with ${status}`));
        return;
      }
      this.#socket.off('data', onHead).on('data', (bytes: Buffer) => this.#reader.read(bytes));
      this.#reader.read(head.subarray(end + END_OF_HEADERS.length));
      if (!admission) onEntered();
    };
    this.#socket.on('data', onHead);
    this.#socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    );
  }

  #onFrame(opcode: number, length: number): void {
    if (opcode === Opcode.TEXT) this.onText(length);
    else if (opcode === Opcode.PING) this.send(PONG);
    else if (opcode === Opcode.CLOSE) {
      this.send(CLOSE);
      this.#onClose(new Error('the server closed a connection'));
    }
  }
}

const CLOSE = clientFrame(Opcode.CLOSE);
const PONG = clientFrame(Opcode.PONG);
