import { endChildrenWithThisProcess } from './kit/child.js';
import { describeUsage, readCommandLine, type CommandLine } from './kit/command-line.js';
import { forgottenConnections } from './kit/leftovers.js';
import { describeMachine } from './kit/machine.js';
import type { AnyPart } from './kit/part.js';
import { keep } from './kit/record.js';
import { Results } from './kit/results.js';
import { anatomy } from './parts/anatomy.js';
import { fairness } from './parts/fairness.js';
import { fleet } from './parts/fleet.js';
import { growth } from './parts/growth.js';
import { guard } from './parts/guard.js';
import { guesses } from './parts/guesses.js';
import { idle } from './parts/idle.js';
import { messages } from './parts/messages.js';
import { peer } from './parts/peer.js';
import { race } from './parts/race.js';
import { restart } from './parts/restart.js';
import { soak } from './parts/soak.js';
import { start } from './parts/start.js';
import { stop } from './parts/stop.js';
import { takeover } from './parts/takeover.js';

const PARTS: readonly AnyPart[] = [
  start,
  stop,
  takeover,
  messages,
  idle,
  anatomy,
  growth,
  fairness,
  guesses,
  soak,
  restart,
  peer,
  race,
  fleet,
  guard,
];

const FAILURE_EXIT_CODE = 1;
const USAGE_EXIT_CODE = 64;

const args = process.argv.slice(2);

function readOrComplain(): CommandLine | undefined {
  try {
    return readCommandLine(args, PARTS);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = USAGE_EXIT_CODE;
    return undefined;
  }
}

async function run({ orders, json, record }: CommandLine): Promise<void> {
  endChildrenWithThisProcess();
  await forgottenConnections();
  const machine = describeMachine();
  const command = `npm run bench -- ${args.join(' ')}`;
  const print = (text: string): void => {
    if (!json) process.stdout.write(text);
  };
  const all = new Results(print);
  print(`A gateway beside a bare server, in turns on 127.0.0.1.\n${machine}\n`);
  for (const { part, options } of orders) {
    const { name } = part;
    const { report, results } = all.begin(name);
    await part.run(options, report);
    if (results.faults.length > 0) process.exitCode = FAILURE_EXIT_CODE;
    // What went wrong is no measure of anything.
    else if (record) keep(name, { date: new Date().toISOString(), machine, command, ...results });
  }
  all.printRest();
  if (json) process.stdout.write(`${JSON.stringify({ machine, command, parts: all.parts })}\n`);
}

const commandLine = readOrComplain();
if (commandLine?.help) process.stdout.write(describeUsage(PARTS));
else if (commandLine) await run(commandLine);
