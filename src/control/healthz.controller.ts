import { Controller, Get, Header } from '@nestjs/common';

/** Liveness: the process runs and its event loop answers. */
@Controller()
export class HealthzController {
  @Get(['healthz', 'health'])
  @Header('Cache-Control', 'no-store')
  @Header('X-Content-Type-Options', 'nosniff')
  @Header('Referrer-Policy', 'no-referrer')
  live(): { ok: true; status: 'live' } {
    return { ok: true, status: 'live' };
  }
}
