import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { AbstractHttpAdapter } from '@nestjs/core';

import { PROBE_HEADERS } from './probe-headers.js';
import { requestPath } from './request-path.js';

type Handler = (request: IncomingMessage, response: ServerResponse, next: () => void) => unknown;

/**
 * Nest's HTTP side for a gateway whose HTTP is a handful of fixed GET routes: exact paths, no bodies, no middleware.
 * What it leaves out is refused by name. A web framework would be most of what a start has to load.
 */
export class ProbeHttpAdapter extends AbstractHttpAdapter<Server, IncomingMessage, ServerResponse> {
  readonly #routes = new Map<string, Handler>();
  #notFound: Handler = (_request, response) => response.writeHead(404).end();

  /** Created for Nest, and never listening: the lock's server emits requests on it. */
  override initHttpServer(): void {
    this.setHttpServer(createServer((request, response) => this.#dispatch(request, response)));
  }

  /** The first handler of a path wins, as with Express. */
  override get(...args: unknown[]): void {
    const [path, handler] = args as [string, Handler];
    if (!this.#routes.has(path)) this.#routes.set(path, handler);
  }

  override setNotFoundHandler(handler: Handler): void {
    this.#notFound = handler;
  }

  /** Route handlers answer their own errors; there is no middleware whose errors would come here. */
  override setErrorHandler(): void {}

  override registerParserMiddleware(): void {}

  override close(): void {}

  override reply(response: ServerResponse, body: unknown, statusCode?: number): void {
    if (statusCode !== undefined) response.statusCode = statusCode;
    if (typeof body === 'string' || body === undefined || body === null) {
      response.end(body ?? '');
    } else {
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.end(JSON.stringify(body));
    }
  }

  override status(response: ServerResponse, statusCode: number): void {
    response.statusCode = statusCode;
  }

  override end(response: ServerResponse, message?: string): void {
    response.end(message);
  }

  override isHeadersSent(response: ServerResponse): boolean {
    return response.headersSent;
  }

  override getHeader(response: ServerResponse, name: string): unknown {
    return response.getHeader(name);
  }

  override setHeader(response: ServerResponse, name: string, value: string): void {
    response.setHeader(name, value);
  }

  override appendHeader(response: ServerResponse, name: string, value: string): void {
    response.appendHeader(name, value);
  }

  override getRequestHostname({ headers }: IncomingMessage): string | undefined {
    return headers.host;
  }

  override getRequestMethod({ method }: IncomingMessage): string | undefined {
    return method;
  }

  override getRequestUrl({ url }: IncomingMessage): string | undefined {
    return url;
  }

  override getType(): string {
    return 'probe';
  }

  override use = unsupported('middleware');
  override post = unsupported('@Post()');
  override put = unsupported('@Put()');
  override patch = unsupported('@Patch()');
  override delete = unsupported('@Delete()');
  override all = unsupported('@All()');
  override redirect = unsupported('@Redirect()');
  override render = unsupported('@Render()');
  override setViewEngine = unsupported('a view engine');
  override useStaticAssets = unsupported('static files');
  override enableCors = unsupported('CORS');
  override createMiddlewareFactory = unsupported('middleware');
  override applyVersionFilter = unsupported('versioned routes');

  #dispatch(request: IncomingMessage, response: ServerResponse): void {
    const handler = this.#routes.get(requestPath(request));
    if (!handler) {
      this.#notFound(request, response, () => undefined);
    } else if (request.method === 'GET' || request.method === 'HEAD') {
      handler(request, response, () => undefined);
    } else {
      response.writeHead(405, { ...PROBE_HEADERS, Allow: 'GET, HEAD' }).end();
    }
  }
}

function unsupported(feature: string): () => never {
  return () => {
    throw new Error(
      `the gateway's own HTTP side does not offer ${feature}: use Express or Fastify in an app that needs it`,
    );
  };
}
