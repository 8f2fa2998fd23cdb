import { NestFactory } from '@nestjs/core';
import { runGateway } from 'openclaw-gateway-lock';
import { AppModule } from './app.module.js';

process.exit(await runGateway(() => NestFactory.create(AppModule, { abortOnError: false, logger: ['warn'] })));
