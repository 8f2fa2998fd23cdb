import { Module } from '@nestjs/common';
import { CommandRunner, InjectCommander } from 'nest-commander';

import { GatewayCommand, SUB_COMMANDS } from './gateway.command.js';
import { PROFILE_FLAGS } from './gateway-flags.js';

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
      .option(PROFILE_FLAGS.profile.flags, PROFILE_FLAGS.profile.description)
      .option(PROFILE_FLAGS.dev.flags, PROFILE_FLAGS.dev.description);
  }
}
