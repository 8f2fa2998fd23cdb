import { Inject, Injectable, Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { Command, CommandRunner, InjectCommander, SubCommand } from 'nest-commander';

import { endCommand } from '../process/command-process.js';
import { GATEWAY, SUB_COMMANDS } from './command-table.js';
import type { CommandEntry, GatewayStart, Program } from './command.js';
import { describeCommand, exitCodeOfParser, runCommand } from './describe-command.js';

/** The program that gets the commands. */
export interface GatewayCommandsOptions {
  /** What an operator types to run the program: it stands in help texts and in advice. */
  readonly name: string;
  /** What `--version` prints. */
  readonly version: string;
  /**
   * Creates the app of the gateway and does not start it: import `GatewayLockModule.forRoot(start.lock)` in its root
   * module, and give `NestFactory.create` the option `abortOnError: false`. A command that needs no gateway of its own,
   * such as `status`, does not call it.
   */
  readonly createApp: (start: GatewayStart) => Promise<INestApplication>;
}

const PROGRAM = Symbol('the program that the commands belong to');

type ParserCommand = Parameters<CommandRunner['setCommand']>[0];

/** A command of the table, as nest-commander wants it. */
@Injectable()
abstract class TableCommand extends CommandRunner {
  protected abstract readonly entry: CommandEntry;

  constructor(@Inject(PROGRAM) private readonly program: Program) {
    super();
  }

  override setCommand(command: ParserCommand): this {
    describeCommand(command, this.entry, this.program).exitOverride((outcome) =>
      endCommand(exitCodeOfParser(outcome, this.entry)),
    );
    return super.setCommand(command);
  }

  /** Ends the process, since a module of the gateway may have left something open. */
  async run(args: string[]): Promise<void> {
    const { command, entry } = this;
    const before = entry === GATEWAY ? {} : (command.parent?.opts() ?? {});
    endCommand(await runCommand(entry, { own: command.opts(), before }, args, this.program));
  }
}

// nest-commander finds a command below another one by the name of its class, in the whole app: these are to be ours alone.

@SubCommand(SUB_COMMANDS.run)
class GatewayRunCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.run;
}

@SubCommand(SUB_COMMANDS.start)
class GatewayStartCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.start;
}

@SubCommand(SUB_COMMANDS.status)
class GatewayStatusCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.status;
}

@SubCommand(SUB_COMMANDS.stop)
class GatewayStopCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.stop;
}

@SubCommand(SUB_COMMANDS.restart)
class GatewayRestartCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.restart;
}

@SubCommand(SUB_COMMANDS.logs)
class GatewayLogsCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.logs;
}

@SubCommand(SUB_COMMANDS.install)
class GatewayInstallCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.install;
}

@SubCommand(SUB_COMMANDS.uninstall)
class GatewayUninstallCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.uninstall;
}

@SubCommand(SUB_COMMANDS.health)
class GatewayHealthCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.health;
}

@SubCommand(SUB_COMMANDS.call)
class GatewayCallCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.call;
}

@SubCommand(SUB_COMMANDS.fleet)
class GatewayFleetCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.fleet;
}

@SubCommand(SUB_COMMANDS.open)
class GatewayOpenCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.open;
}

@SubCommand(SUB_COMMANDS.doctor)
class GatewayDoctorCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.doctor;
}

@SubCommand(SUB_COMMANDS.ports)
class GatewayPortsCommand extends TableCommand {
  protected readonly entry = SUB_COMMANDS.ports;
}

const SUB_COMMAND_CLASSES = [
  GatewayRunCommand,
  GatewayStartCommand,
  GatewayStatusCommand,
  GatewayStopCommand,
  GatewayRestartCommand,
  GatewayLogsCommand,
  GatewayInstallCommand,
  GatewayUninstallCommand,
  GatewayHealthCommand,
  GatewayCallCommand,
  GatewayFleetCommand,
  GatewayOpenCommand,
  GatewayDoctorCommand,
  GatewayPortsCommand,
];

@Command({ ...GATEWAY, subCommands: SUB_COMMAND_CLASSES })
class GatewayCommand extends TableCommand {
  protected readonly entry = GATEWAY;
}

/**
 * The command `gateway`, with those below it, for a program of nest-commander that has a gateway of its own.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     GatewayCommandsModule.forRoot({
 *       name: 'acme',
 *       version: '1.0.0',
 *       createApp: ({ lock }) => NestFactory.create(AppModule.forRoot(lock), { abortOnError: false }),
 *     }),
 *   ],
 * })
 * class CliModule {}
 *
 * await CommandFactory.run(CliModule);
 * ```
 */
@Module({})
export class GatewayCommandsModule {
  /** @internal */
  constructor(@InjectCommander() parser: ParserCommand, @Inject(PROGRAM) { name }: Program) {
    // By default help shows the name of the script.
    parser.name(name);
  }

  /** The module for a program, which has one gateway. */
  static forRoot(options: GatewayCommandsOptions): DynamicModule {
    return {
      module: GatewayCommandsModule,
      providers: [{ provide: PROGRAM, useValue: options }, GatewayCommand, ...SUB_COMMAND_CLASSES],
    };
  }
}
