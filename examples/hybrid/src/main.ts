import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { runGateway } from 'openclaw-gateway-lock';
import { AppModule } from './app.module.js';

const port = Number(process.env['MICROSERVICE_PORT'] ?? 4000);

process.exit(
  await runGateway(
    async () => {
      const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter(), {
        abortOnError: false,
        logger: ['error', 'warn'],
      });
      app.connectMicroservice<MicroserviceOptions>({ transport: Transport.TCP, options: { port } });
      return app;
    },
    { started: (app) => app.startAllMicroservices() },
  ),
);
