import { clientFrame, Opcode } from './frames.js';

/** A request and its answer, with ids of one length, so that all requests are of one length, and all answers. */
export interface Exchange {
  readonly method: string;
  request(id: string, text: string): string;
  answer(id: string, text: string): string;
}

/** The length of each request, in all dialects. */
export const REQUEST_BYTES = 160;
const ID_LENGTH = 6;

/** So many requests one behind the other, each with an id of its own. */
export class Requests {
  readonly requestLength: number;
  readonly answerLength: number;
  readonly #frames: Buffer;

  constructor(
    private readonly exchange: Exchange,
    count: number,
  ) {
    const { id, text } = this.#fill(1);
    this.answerLength = Buffer.byteLength(exchange.answer(id, text));
    const frames = Array.from({ length: count }, (_, index) => {
      const filled = this.#fill(index + 1);
      return clientFrame(Opcode.TEXT, exchange.request(filled.id, filled.text));
    });
    this.#frames = Buffer.concat(frames);
    this.requestLength = this.#frames.length / count;
  }

  first(count: number): Buffer {
    return this.#frames.subarray(0, count * this.requestLength);
  }

  /** One of them, and what it must be answered with. */
  sample(): { readonly request: string; readonly answer: string } {
    const { id, text } = this.#fill(1);
    return { request: this.exchange.request(id, text), answer: this.exchange.answer(id, text) };
  }

  #fill(number: number): { readonly id: string; readonly text: string } {
    const id = String(number).padStart(ID_LENGTH, '0');
    return { id, text: 'x'.repeat(REQUEST_BYTES - Buffer.byteLength(this.exchange.request(id, ''))) };
  }
}
