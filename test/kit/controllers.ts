import { Controller, Get } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';

@WebSocketGateway()
export class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    const response: WsResponse = { event: 'echo', data };
    return response;
  }
}

@Controller()
export class HelloController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }

  /** One of the paths that the app answers in every phase. */
  @Get('healthz')
  healthz(): string {
    return 'alive';
  }
}
