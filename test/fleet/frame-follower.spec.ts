import fc from 'fast-check';

import { closeFrame, FrameFollower } from '../../src/fleet/frame-follower.js';
import { encodeFrame, FrameDecoder, Opcode } from '../kit/frames.js';

const lengths = fc.oneof(fc.nat(200), fc.constantFrom(125, 126, 127, 65_535, 65_536));
const opcodes = fc.constantFrom(Opcode.TEXT, Opcode.BINARY, Opcode.CONTINUATION, Opcode.PING);

it('knows where frames end, however they are cut into chunks', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ opcode: opcodes, length: lengths }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1, maxLength: 20 }),
      (sent, cuts) => {
        const frames = sent.map(({ opcode, length }) =>
          encodeFrame({ opcode, payload: Buffer.alloc(length, 1), masked: false }),
        );
        const bytes = Buffer.concat(frames);
        const ends = new Set([0]);
        frames.reduce((at, { length }) => (ends.add(at + length), at + length), 0);
        const follower = new FrameFollower();

        for (let at = 0, cut = 0; at < bytes.length; cut++) {
          const end = Math.min(at + (cuts[cut % cuts.length] ?? 1), bytes.length);
          follower.follow(bytes.subarray(at, end));
          at = end;
          expect(follower.isBetweenFrames).toBe(ends.has(at));
        }
        expect(follower.hasClosed).toBe(false);
      },
    ),
  );
});

it('sees a close frame, and makes one', () => {
  const frame = closeFrame(1012, 'service restart');
  const follower = new FrameFollower();

  follower.follow(frame);

  expect([follower.hasClosed, follower.isBetweenFrames]).toEqual([true, true]);
  const [decoded] = new FrameDecoder().push(frame);
  expect(decoded).toMatchObject({ fin: true, opcode: Opcode.CLOSE });
  expect(decoded?.payload.readUInt16BE()).toBe(1012);
  expect(decoded?.payload.subarray(2).toString()).toBe('service restart');
});
