import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

import { InputError } from '../../common/input.error.js';
import { MAX_PORT } from '../../listener/listen-address.js';
import type { RequestRefusal } from '../../serving/access-policy.js';
import { noteForwardedFor } from '../../serving/forwarded-for.js';
import { plainAddress } from './plain-address.js';
import { isForwarded, TrustedProxies } from './trusted-proxies.js';

/** The hosts and origins that are allowed beside those of loopback. Both are compared exactly, case aside. */
export interface AllowedCallers {
  /** As in a `Host` header: `gateway.example:8443`; without a port, with the gateway's own and those of HTTP and HTTPS. */
  readonly hosts: readonly string[];
  /** As in an `Origin` header: `https://app.example`. */
  readonly origins: readonly string[];
  /** The addresses of proxies whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[];
}

/** Our end of a connection. */
export interface LocalEnd {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
}

const EMBEDDED: RequestRefusal = {
  status: 403,
  reason: 'origin not allowed',
  value: 'none, embedded in a page of another site',
};
const LOOPBACK_NAMES = ['127.0.0.1', '[::1]', 'localhost'];
const HTTP_PORT = 80;
const HTTPS_PORT = 443;
/** A name has no other characters on the wire; in particular it is never a pattern that would match other names. */
const AUTHORITY = /^(\[[\da-f:.]+\]|[a-z\d._-]+)(?::([1-9]\d{0,4}))?$/;
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(\[[\da-f:.]+\]|[a-z\d._-]+)(?::([1-9]\d{0,4}))?$/;

/**
 * Tells requests to this gateway from those that a hostile web page makes a browser send: by DNS rebinding, which shows
 * in `Host`, and across sites, which shows in `Origin`. Decided before any answer, so that such a page learns nothing.
 */
export class RequestGate {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #proxies: TrustedProxies;

  /** @throws {InputError} one line that names a value that is no host, no origin or no address */
  constructor({ hosts, origins, trustedProxies = [] }: AllowedCallers) {
    this.#hosts = new Set(hosts.map(checkHost));
    this.#origins = new Set(origins.map((origin) => serialized(checkOrigin(origin))));
    this.#proxies = new TrustedProxies(trustedProxies);
  }

  judge(request: IncomingMessage, response?: ServerResponse): RequestRefusal | undefined {
    const { headers, socket, url = '' } = request;
    // The target of a request may name a host too, and that one then takes precedence (RFC 9112, 3.2.2).
    const [, target] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
    const forwarded = this.#proxies.read(request);
    // A proxy that is not trusted stands between too: its client is not the user that runs it.
    noteForwardedFor(socket, forwarded?.address ?? (isForwarded(request) ? socket.remoteAddress : undefined));
    const named = forwarded?.host === undefined ? namedHosts(request) : [forwarded.host];
    // RFC 9112, 3.2.
    if (named.length === 0) return { status: request.httpVersion === '1.0' ? 403 : 400, reason: 'no host named' };
    const hosts = [...named, ...(target === undefined ? [] : [target])];
    const host = hosts.find((one) => !this.isHostAllowed(one, socket, forwarded?.isSecure));
    if (host !== undefined) return notAllowed('host', host);
    const { origin } = headers;
    if (origin === undefined) return isEmbedded(headers) ? EMBEDDED : undefined;
    if (!this.isOriginAllowed(origin, socket)) return notAllowed('origin', origin);
    // A page that may open the socket may read the probes as well (Fetch standard, 3.2.1).
    response?.setHeader('Access-Control-Allow-Origin', origin).setHeader('Vary', 'Origin');
    return undefined;
  }

  /** @param isSecure whether the client speaks TLS, with a proxy before the gateway */
  isHostAllowed(host: string, { localAddress, localPort }: LocalEnd, isSecure = false): boolean {
    const [, name, given] = AUTHORITY.exec(host.toLowerCase()) ?? [];
    if (name === undefined) return false;
    const port = Number(given ?? (isSecure ? HTTPS_PORT : HTTP_PORT));
    if (this.#hosts.has(`${name}:${port}`)) return true;
    // What terminates TLS for the gateway may pass on a name without a port, or with that of HTTPS.
    if (this.#hosts.has(name) && [localPort, HTTP_PORT, HTTPS_PORT].includes(port)) return true;
    return port === localPort && (LOOPBACK_NAMES.includes(name) || name === literalOf(localAddress));
  }

  isOriginAllowed(origin: string, { localPort }: LocalEnd): boolean {
    const asked = serialized(origin.toLowerCase());
    // A browser leaves out the default port.
    const port = localPort === HTTP_PORT ? '' : `:${localPort}`;
    return this.#origins.has(asked) || LOOPBACK_NAMES.some((name) => asked === `http://${name}${port}`);
  }
}

function notAllowed(kind: 'host' | 'origin', value: string): RequestRefusal {
  return { status: 403, reason: `${kind} not allowed`, value, allowedBy: `callers.${kind}s, or --allow-${kind},` };
}

/**
 * Whether a page of another site embeds this request, as an image for instance. Such a request has no `Origin`, and the
 * page cannot read the answer, but learns whether it succeeded. A link that a person follows is not embedded.
 */
function isEmbedded({ 'sec-fetch-site': site, 'sec-fetch-dest': destination }: IncomingHttpHeaders): boolean {
  return (site === 'cross-site' || site === 'same-site') && destination !== 'document';
}

/** An origin as a browser writes it, without the default port of its scheme (HTML standard, 7.1.1). */
function serialized(origin: string): string {
  return origin.replace(/^(http:.*):80$|^(https:.*):443$/, '$1$2');
}

/** Every `Host` header that was sent; Node shows the first alone. */
function namedHosts({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'host');
}

/** The address that the client has connected to, as a `Host` header has it: no attacker can point it elsewhere. */
function literalOf(address = ''): string {
  const plain = plainAddress(address);
  return plain.includes(':') ? `[${plain}]` : plain;
}

/** @throws {InputError} one line */
export function checkHost(value: string): string {
  return checked('host', value, AUTHORITY, 'gateway.example or gateway.example:8443');
}

/** @throws {InputError} one line */
export function checkOrigin(value: string): string {
  return checked('origin', value, ORIGIN, 'https://app.example');
}

function checked(kind: string, value: string, rule: RegExp, example: string): string {
  const text = value.toLowerCase();
  const [whole, , port] = rule.exec(text) ?? [];
  if (whole !== undefined && !(Number(port) > MAX_PORT)) return text;
  throw new InputError(`${JSON.stringify(value)} is not an allowed ${kind}: give one such as ${example}`);
}
