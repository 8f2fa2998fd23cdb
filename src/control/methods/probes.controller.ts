import type { IncomingMessage, ServerResponse } from 'node:http';

import { Controller, Get, Req, Res } from '@nestjs/common';

import { GatewayLockService } from '../../lock/gateway-lock.service.js';
import { AccessControl } from '../access/access-control.service.js';
import { Authenticator, type TokenJudgement } from '../access/authenticator.service.js';
import { MetricsReport } from '../metrics/metrics-report.js';
import { PROBE_HEADERS } from '../../serving/probe-headers.js';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const STANDBY_OK = /[?&]standby=ok(?:&|$)/;
/** RFC 6750, 2.1. */
const BEARER = /^Bearer +(\S+)$/i;

/** The probes of a supervisor: liveness, start, readiness, metrics. */
@Controller()
export class ProbesController {
  constructor(
    private readonly lock: GatewayLockService,
    private readonly authenticator: Authenticator,
    private readonly metrics: MetricsReport,
    private readonly access: AccessControl,
  ) {}

  @Get(['healthz', 'health'])
  live(@Res() response: ServerResponse): void {
    answer(response, 200, { ok: true, status: 'live' });
  }

  /** Load balancers find the active gateway of a fleet by it; a rolling update asks with `?standby=ok`. */
  @Get(['readyz', 'ready'])
  ready(@Req() request: IncomingMessage, @Res() response: ServerResponse): void {
    const { phase } = this.lock;
    const ready = phase === 'ready' || (phase === 'standby' && STANDBY_OK.test(request.url ?? ''));
    const uptimeMs = Math.round(process.uptime() * 1_000);
    answer(response, ready ? 200 : 503, { ready, failing: ready ? [] : [phase], uptimeMs });
  }

  /** What OpenClaw's commands ask while they wait for a start. */
  @Get(['startupz', 'startup'])
  started(@Res() response: ServerResponse): void {
    const { phase } = this.lock;
    // An orchestrator would kill a standby that it takes for one that hangs at its start.
    const ok = phase === 'ready' || phase === 'standby';
    const uptimeMs = Math.round(process.uptime() * 1_000);
    const status = phase === 'ready' ? 'started' : phase;
    const pending = phase === 'starting' ? { pendingReason: 'modules are starting' } : {};
    answer(response, ok ? 200 : 503, { ok, status, uptimeMs, ...pending });
  }

  @Get('metrics')
  async numbers(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    const { headers, socket } = request;
    const [, token] = BEARER.exec(headers.authorization ?? '') ?? [];
    const judgement = token === undefined ? undefined : await this.authenticator.judge(socket, token);
    const refuse = (status: number, reason: string): void => {
      this.access.onRefused({ status, reason, value: '/metrics', allowedBy: 'Authorization: Bearer <token>' }, socket);
    };
    if (judgement?.kind === 'busy') {
      refuse(429, 'too many attempts');
      answer(response.setHeader('Retry-After', '1'), 429, { error: 'too many attempts' });
    } else if (judgement?.kind === 'right' && judgement.value.includes('operator.read')) {
      response.writeHead(200, { ...PROBE_HEADERS, 'Content-Type': METRICS_TYPE }).end(this.metrics.text());
    } else {
      refuse(401, whyNot(judgement));
      answer(response.setHeader('WWW-Authenticate', 'Bearer'), 401, { error: 'the gateway token is needed' });
    }
  }
}

/** In the words that the log has for clients over a WebSocket. */
function whyNot(judgement: TokenJudgement | undefined): string {
  if (!judgement) return 'token missing';
  return judgement.kind === 'right' ? 'token may not read' : 'token mismatch';
}

function answer(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { ...PROBE_HEADERS, 'Content-Type': 'application/json; charset=utf-8' })
    .end(JSON.stringify(body));
}
