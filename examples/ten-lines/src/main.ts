import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { GatewayLockModule, runGateway } from 'openclaw-gateway-lock';

@Module({
  imports: [GatewayLockModule.forRoot({ port: Number(process.env['PORT'] ?? 18789), identity: { name: 'ten-lines' } })],
})
class AppModule {}

process.exit(await runGateway(() => NestFactory.create(AppModule, { abortOnError: false, logger: ['error', 'warn'] })));
