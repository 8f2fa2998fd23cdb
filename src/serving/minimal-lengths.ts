import type { WebSocket } from 'ws';

import { CloseCode } from './close-code.js';

type OnError = (error: Error) => void;

/** What the parser of ws has read of a frame. */
interface FrameParser {
  /** 0 at the first two bytes of a frame; 1 and 2 at a length of 16 and of 64 bits. */
  readonly _state: number;
  readonly _payloadLength: number;
  /** Called when the length of a frame has been read. */
  haveLength?(onError: OnError): void;
  createError(type: ErrorConstructor, message: string, prefix: boolean, closeCode: number, code: string): Error;
}

/** The least length that needs the form, by the state that the parser is in. */
const LEAST: readonly (number | undefined)[] = [0, 126, 65_536];

/**
 * Closes a client with 1002 that gives a length in more bytes than it needs (RFC 6455, 5.2: the minimal number of bytes
 * MUST be used). ws has no option for it. A version of ws whose parser has other parts lets such lengths pass, as all do.
 */
export function expectMinimalLengths(socket: WebSocket): void {
  const { _receiver: parser } = socket as unknown as { readonly _receiver?: FrameParser };
  if (parser?.haveLength) parser.haveLength = haveMinimalLength;
}

// One function for all sockets: a closure for each would be much of what an idle connection costs.
function haveMinimalLength(this: FrameParser, onError: OnError): void {
  if (this._payloadLength >= (LEAST[this._state] ?? 0)) {
    (Object.getPrototypeOf(this) as Required<FrameParser>).haveLength.call(this, onError);
  } else {
    onError(
      this.createError(RangeError, 'length not minimal', true, CloseCode.PROTOCOL_ERROR, 'WS_ERR_LENGTH_NOT_MINIMAL'),
    );
  }
}
