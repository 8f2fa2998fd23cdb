import { canonicalAddress } from './serving-address.js';
import { whereWeRun } from './where-we-run.js';

/** A request for the card may carry a number used once, and the answer to it then a proof. */
export const NONCE_HEADER = 'x-openclaw-nonce';
export const PROOF_HEADER = 'x-openclaw-proof';

/** 24 random bytes in base64url are 32 characters; others are not answered. */
const NONCE = /^[\w-]{32}$/;
const NONCE_BYTES = 24;

/** A number that this process has never used before. */
export function newNonce(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(NONCE_BYTES))).toString('base64url');
}

export function isNonce(text: unknown): text is string {
  return typeof text === 'string' && NONCE.test(text);
}

/**
 * What only a process that can read the secret of the state folder can answer (HMAC, RFC 2104). The address is part of
 * it, so that a process which holds another address cannot pass the question on to the gateway and its answer back. And
 * so is the network that the address is one of: with a folder in common, the gateway may be in another one.
 *
 * @param address where the holder is reached, as {@link tcpAddress} or {@link socketAddress} spell it
 * @param place as {@link whereWeRun} tells it. One that is empty equals only another empty one.
 */
export function proofOf(secret: string, nonce: string, address: string, place = whereWeRun()): string {
  // Loaded when a proof is asked for: a refusal needs none, and it would be a twentieth of what it takes.
  const { createHmac } = process.getBuiltinModule('node:crypto');
  // As gateways sign that are older, where there is no more to name.
  const text = [nonce, address, ...(place === '' ? [] : [place])].join('\n');
  return createHmac('sha256', secret).update(text).digest('base64url');
}

export function isProof(proof: unknown, secret: string, nonce: string, address: string): boolean {
  if (typeof proof !== 'string') return false;
  const { timingSafeEqual } = process.getBuiltinModule('node:crypto');
  const [given, right] = [Buffer.from(proof), Buffer.from(proofOf(secret, nonce, address))];
  return given.length === right.length && timingSafeEqual(given, right);
}

/** The same text for both ends of a connection: the asker's remote address, and the holder's local one. */
export function tcpAddress(host: string | undefined, port: number | undefined): string {
  return `tcp ${canonicalAddress(host ?? '')} ${port ?? 0}`;
}

export function socketAddress(socketPath: string): string {
  return `unix ${socketPath}`;
}
