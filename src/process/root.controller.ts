import type { ServerResponse } from 'node:http';

import { Controller, Get, Res } from '@nestjs/common';

import { GATEWAY_SERVICE } from '../holder/card.js';
import { PROBE_HEADERS } from '../serving/probe-headers.js';

/** By `HEAD /` clients find out whether an HTTP server is there at all. In an app of one's own that page is the app's. */
@Controller()
export class RootController {
  @Get()
  root(@Res() response: ServerResponse): void {
    response
      .writeHead(200, { ...PROBE_HEADERS, 'Content-Type': 'application/json; charset=utf-8' })
      .end(JSON.stringify({ service: GATEWAY_SERVICE }));
  }
}
