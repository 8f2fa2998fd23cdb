import { Controller, Get, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';
import { GatewayLockModule } from 'openclaw-gateway-lock';

@Controller()
class HelloController {
  @Get('hello')
  hello(): string {
    return 'hello';
  }

  @MessagePattern('double')
  double(n: number): number {
    return 2 * n;
  }
}

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: unknown): WsResponse<unknown> {
    return { event: 'echo', data };
  }
}

@Module({
  imports: [GatewayLockModule.forRoot({ port: Number(process.env['PORT'] ?? 18789), identity: { name: 'hybrid' } })],
  controllers: [HelloController],
  providers: [EchoGateway],
})
export class AppModule {}
