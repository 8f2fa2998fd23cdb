import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { GatewayClients, GatewayLockModule, GatewayLockService } from 'openclaw-gateway-lock';

import { answerAsServer } from './calls.js';
import { AnyoneGuard, EchoPipe, type Echo } from './echo.js';

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() params: Echo): Echo {
    return params;
  }

  @SubscribeMessage('safe')
  @UseGuards(AnyoneGuard)
  safe(@MessageBody(EchoPipe) params: Echo): Echo {
    return params;
  }
}

@Module({
  // Argument: the token.
  imports: [GatewayLockModule.forRoot({ port: 0, protocol: 'openclaw', auth: { token: process.argv[2] ?? '' } })],
  providers: [EchoGateway],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
await app.init();
const clients = app.get(GatewayClients);
answerAsServer(Number(new URL(app.get(GatewayLockService).url).port), (text) => clients.send('news', { text }));
