import type { WebSocket } from 'ws';

import { expectMinimalLengths } from '../../src/serving/minimal-lengths.js';

/** The parser of a version of ws that is yet to come. */
class OtherParser {
  readonly _payloadLength: number = 1;
  readonly lengths: number[] = [];

  constructor(readonly _state: number | string) {}

  haveLength(refuse: () => never): void {
    if (this._payloadLength === 0) refuse();
    this.lengths.push(this._payloadLength);
  }
}

const refuse = (): never => {
  throw new Error('a length was refused');
};

it.each([3, 'GET_LENGTH'])('a parser of ws with another state (%j) lets lengths pass', (state) => {
  const parser = new OtherParser(state);
  expectMinimalLengths({ _receiver: parser } as unknown as WebSocket);

  parser.haveLength(refuse);

  expect(parser.lengths).toEqual([1]);
});

it('a parser of ws without the step is left as it is', () => {
  const parser = {};

  expectMinimalLengths({ _receiver: parser } as unknown as WebSocket);

  expect(parser).toEqual({});
});
