import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';

import { InputError } from '../../common/input.error.js';
import { parseWholeNumber } from '../../common/whole-number.js';
import { plainAddress } from './plain-address.js';

/** What a trusted proxy says of the request that it passes on. */
export interface Forwarded {
  /** The nearest address on the way that is no trusted proxy itself. */
  readonly address: string;
  readonly host: string | undefined;
  readonly isSecure: boolean;
}

const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-real-ip'];

/**
 * The proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed. Any client can send these
 * headers, so that they count for nothing from every other address.
 */
export class TrustedProxies {
  readonly #addresses: BlockList | undefined;

  /** @throws {InputError} one line that names a value that is no address */
  constructor(addresses: readonly string[]) {
    if (addresses.length === 0) return;
    this.#addresses = new BlockList();
    for (const text of addresses) {
      const [address = '', prefix] = checkProxy(text).split('/');
      const family = familyOf(address);
      if (prefix === undefined) this.#addresses.addAddress(address, family);
      else this.#addresses.addSubnet(address, Number(prefix), family);
    }
  }

  /** What the proxy of this request says; `undefined` where its sender is not trusted. */
  read({ headers, socket }: IncomingMessage): Forwarded | undefined {
    const { remoteAddress } = socket;
    if (remoteAddress === undefined || !this.#has(remoteAddress)) return undefined;
    return {
      address: this.#clientOf(remoteAddress, listOf(headers['x-forwarded-for'])),
      // A proxy adds at the end what it has seen itself; what stands before that, a client may have sent.
      host: listOf(headers['x-forwarded-host']).at(-1),
      isSecure: /^(?:https|wss)$/i.test(listOf(headers['x-forwarded-proto']).at(-1) ?? ''),
    };
  }

  /** Each proxy has added the address that it was reached from, so that the list is read from its end. */
  #clientOf(sender: string, hops: readonly string[]): string {
    let client = sender;
    for (const hop of hops.toReversed()) {
      if (!this.#has(client)) break;
      const address = /^\[([^\]]+)\](?::\d+)?$|^([\d.]+):\d+$/.exec(hop);
      const plain = address?.[1] ?? address?.[2] ?? hop;
      if (isIP(plain) === 0) break;
      client = plain;
    }
    return client;
  }

  #has(address: string): boolean {
    const plain = plainAddress(address);
    return isIP(plain) !== 0 && (this.#addresses?.check(plain, familyOf(plain)) ?? false);
  }
}

/** Whether a proxy has passed the request on, as far as it says so itself. */
export function isForwarded({ headers }: IncomingMessage): boolean {
  return FORWARDING_HEADERS.some((name) => headers[name] !== undefined);
}

/** @throws {InputError} one line */
export function checkProxy(value: string): string {
  const [address = '', prefix, ...more] = value.split('/');
  const bits = isIPv4(address) ? 32 : 128;
  const isRange = prefix === undefined || parseWholeNumber(prefix, 1, bits) !== undefined;
  // A zone names an interface of this machine, which no address of a proxy does.
  if (isIP(address) !== 0 && !address.includes('%') && isRange && more.length === 0) return value;
  throw new InputError(
    `${JSON.stringify(value)} is not the address of a proxy: give an IP address or a range such as 127.0.0.1 or 10.0.0.0/8`,
  );
}

function listOf(header: string | string[] | undefined): readonly string[] {
  return String(header ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
