import { styleText } from 'node:util';

import {
  checkFlags,
  chooseSettings,
  refuseFleetWithoutToken,
  refusePublicHostWithoutToken,
  type Settings,
} from '../config/choose-settings.js';
import { refuseRemoteMode } from '../config/local-mode.js';
import { examine } from '../doctor/examine.js';
import type { Finding } from '../doctor/finding.js';
import { ExitCode } from '../process/exit-code.js';
import { printResult, wantsColor } from '../process/print.js';
import type { Invocation } from './command.js';
import { whileWaiting } from './progress.js';
import { wrap } from './wrap.js';

const MARKS = { ok: 'ok', note: 'note', problem: 'PROBLEM' } as const;
const COLORS = { ok: 'green', note: 'yellow', problem: 'red' } as const;

/** Says on one page what is wrong, and what to do. */
export async function doctor({ flags, profile, program }: Invocation): Promise<number> {
  // A flag that is wrong is no finding about the machine.
  checkFlags(profile, flags);
  const choose = (): Promise<Settings> => chooseSettings(profile, flags);
  const looking = Promise.all([
    examine({ profile, program: program.name, chooseSettings: choose }),
    examineStart(choose),
    examineFleet(choose, program.name),
  ]);
  const findings = (await whileWaiting('looking at this machine', looking, flags)).flat();
  const ok = findings.every(({ level }) => level !== 'problem');
  const exitCode = ok ? ExitCode.OK : ExitCode.UNEXPECTED;
  printResult(flags.json, { ok, findings, exitCode }, [...linesOf(findings), ok ? 'all is well' : summaryOf(findings)]);
  return exitCode;
}

/** What a start refuses although each value is right by itself. */
async function examineStart(choose: () => Promise<Settings>): Promise<Finding[]> {
  // What is wrong with the settings is found by the other checks.
  const settings = await choose().catch(() => undefined);
  if (!settings) return [];
  try {
    refusePublicHostWithoutToken(settings);
    refuseRemoteMode(settings.configuration);
    refuseFleetWithoutToken(settings);
    return [];
  } catch (error) {
    return [{ check: 'start', level: 'problem', text: (error as Error).message }];
  }
}

/** Whether the database of a fleet can keep it; nothing for a gateway that is in none. */
async function examineFleet(choose: () => Promise<Settings>, program: string): Promise<Finding[]> {
  // What is wrong with the settings is found by the other checks.
  const { fleet } = await choose().catch(() => ({ fleet: undefined }));
  if (!fleet) return [];
  const { lookAtDatabase } = await import('./load-fleet.js');
  const { lines, problem } = await lookAtDatabase(fleet);
  if (problem === null) return [{ check: 'fleet', level: 'ok', text: lines.join() }];
  const wayOut = `${program} gateway fleet check --fleet ${fleet.name}`;
  return [{ check: 'fleet', level: 'problem', text: problem, wayOut }];
}

function linesOf(findings: readonly Finding[]): string[] {
  const color = wantsColor(process.stdout);
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings.flatMap(({ check, level, text, wayOut }) => {
    const mark = MARKS[level].padEnd(MARKS.problem.length);
    const shown = color ? styleText(COLORS[level], mark, { validateStream: false }) : mark;
    const indent = MARKS.problem.length + width + 4;
    const [first = '', ...more] = [text, ...(wayOut === undefined ? [] : [wayOut])].flatMap((one) => wrap(one, indent));
    return [`${shown}  ${check.padEnd(width)}  ${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)];
  });
}

function summaryOf(findings: readonly Finding[]): string {
  const count = findings.filter(({ level }) => level === 'problem').length;
  return count === 1 ? 'one problem' : `${count} problems`;
}
