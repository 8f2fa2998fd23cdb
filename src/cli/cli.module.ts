import { Module } from '@nestjs/common';
import { CommandRunner, InjectCommander } from 'nest-commander';

import { GatewayCommand, SUB_COMMANDS } from './gateway.command.js';

type Commander = Parameters<CommandRunner['setCommand']>[0];

/** The commands alone: the gateway is an app of its own, so that `--help` and a wrong flag bind nothing. */
@Module({
  providers: [GatewayCommand, ...SUB_COMMANDS],
})
export class CliModule {
  constructor(@InjectCommander() commander: Commander) {
    // By default help shows the name of the script, and a command swallows the flags of its own commands.
    commander
      .name('openclaw')
      .enablePositionalOptions()
      .option('--profile <name>', 'a gateway of its own, with a port and a state folder of its own')
      .option('--dev', 'the same as --profile dev');
  }
}
