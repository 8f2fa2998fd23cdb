import { deflateRawSync } from 'node:zlib';

/** A token of so many random bits is never guessed, at whatever rate (RFC 4086, 8.2.2). */
const UNGUESSABLE_BITS = 128;
const BITS_PER_BYTE = 8;

/** Whether a token is too short, or too regular, to be safe against a client that may guess as often as it likes. */
export function isGuessable(token: string): boolean {
  return estimateBits(token) < UNGUESSABLE_BITS;
}

/**
 * Estimates how many random bits a token holds: at most what its characters can, and at most what is left of it once
 * repetitions are taken out. Dictionaries are not looked at, so a long sentence is rated too high.
 */
function estimateBits(token: string): number {
  return Math.min(token.length * bitsPerCharacter(token), deflateRawSync(token).length * BITS_PER_BYTE);
}

function bitsPerCharacter(token: string): number {
  if (/^(?:[\da-f]+|[\dA-F]+)$/.test(token)) return Math.log2(16);
  // What a generator prints in base64 mixes all three; a word that a person chose has only the characters it has.
  const isMixed = [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(token));
  return Math.log2(isMixed ? 62 : new Set(token).size);
}
