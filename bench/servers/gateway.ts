import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { GatewayClients, GatewayLockModule, GatewayLockService } from 'openclaw-gateway-lock';

import { TOKEN } from '../../test/kit/token.js';
import { answerAsServer } from './calls.js';
import { AnyoneGuard, EchoPipe, type Echo } from './echo.js';

// Argument, if any: between two pings, in milliseconds.
const [, , periodMs] = process.argv;
const ws = periodMs === undefined ? {} : { pingIntervalMs: Number(periodMs) };

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
  imports: [GatewayLockModule.forRoot({ port: 0, protocol: 'openclaw', auth: { token: TOKEN }, ws })],
  providers: [EchoGateway],
})
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.enableShutdownHooks(['SIGTERM']);
await app.init();
const clients = app.get(GatewayClients);
answerAsServer(Number(new URL(app.get(GatewayLockService).url).port), (text) => clients.send('news', { text }));
