import { randomBytes } from 'node:crypto';

import { isGuessable } from '../../../src/control/access/token-strength.js';

const TRIES = 200;

describe('isGuessable', () => {
  it.each<[what: string, make: () => string]>([
    ['128 random bits in hex', () => randomBytes(16).toString('hex')],
    ['128 random bits in upper-case hex', () => randomBytes(16).toString('hex').toUpperCase()],
    ['the 256 bits in base64url that a gateway makes', () => randomBytes(32).toString('base64url')],
  ])('is false for %s', (_what, make) => {
    for (let count = 0; count < TRIES; count++) expect(isGuessable(make())).toBe(false);
  });

  it.each([
    'password',
    'a-token-of-the-tests',
    'correct-horse-battery-staple',
    '0123456789abcdef',
    '00000000000000000000000000000000',
    'passwordpasswordpasswordpassword',
    'Tr0ub4dor&3Tr0ub4dor&3',
    '1234567890123456789012345678901234567890',
    randomBytes(15).toString('hex'),
  ])('is true for %j', (token) => expect(isGuessable(token)).toBe(true));
});
