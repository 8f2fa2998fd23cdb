import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway, type WsResponse } from '@nestjs/websockets';

import { answerAsServer } from './calls.js';
import { AnyoneGuard, EchoPipe, type Echo } from './echo.js';

@WebSocketGateway()
class EchoGateway {
  @SubscribeMessage('echo')
  echo(@MessageBody() data: Echo): WsResponse<Echo> {
    return { event: 'echo', data };
  }

  @SubscribeMessage('safe')
  @UseGuards(AnyoneGuard)
  safe(@MessageBody(EchoPipe) data: Echo): WsResponse<Echo> {
    return { event: 'safe', data };
  }
}

@Module({ providers: [EchoGateway] })
class AppModule {}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.useWebSocketAdapter(new WsAdapter(app));
await app.listen(0, '127.0.0.1');
answerAsServer(((app.getHttpServer() as Server).address() as AddressInfo).port);
