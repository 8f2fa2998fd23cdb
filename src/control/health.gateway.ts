import { SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';

export interface Health {
  readonly ok: true;
  /** Milliseconds since the epoch. */
  readonly ts: number;
}

@WebSocketGateway()
export class HealthGateway {
  @SubscribeMessage('health')
  health(): WsResponse<Health> {
    return { event: 'health', data: { ok: true, ts: Date.now() } };
  }
}
