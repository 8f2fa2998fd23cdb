import type { Settings } from '../config/choose-settings.js';
import type { Advice } from '../holder/advise-on-holder.js';
import { commandFor, describeUnknown } from '../holder/describe-holder.js';
import { wantsColor } from '../process/print.js';
import { holderLines, paint, type PortReport } from '../process/report-failure.js';
import { isUnderManager, type ManagedService } from '../service/managed-service.js';
import type { Program } from './command.js';
import { describeManaged } from './describe-service.js';
import { depthRows, type Depth } from './status-depth.js';
import { factRows, type StatusFacts } from './status-facts.js';
import { commandToStart } from './where-it-runs.js';

export interface StatusPage {
  readonly report: PortReport;
  /** Missing where the holder is not this user's. */
  readonly facts: StatusFacts | undefined;
  /** Missing where no service manager runs the gateway of this port. */
  readonly service: ManagedService | undefined;
  readonly depth: Depth;
  readonly settings: Settings;
  readonly program: Pick<Program, 'name'>;
  readonly deep: boolean;
}

/** The page that an operator reads: what runs where, with what, and what may help. */
export function statusLines({ report, facts, service, depth, settings, program, deep }: StatusPage): string[] {
  const { verdict, url, holder } = report;
  const { port, profile } = settings;
  const color = wantsColor(process.stdout);
  const command = commandFor(profile.name, program.name);
  const isManaged = service !== undefined && isUnderManager(service);
  const serviceLog = isManaged ? (service.logFile ?? `${command} logs`) : undefined;
  const rows: Advice[] = [
    ...(facts ? factRows(facts, holder, serviceLog) : []),
    ...(service ? [['service', describeManaged(service)] as const] : []),
    ...depthRows(depth),
  ];
  if (!holder) {
    const start: Advice = ['start it', commandToStart(settings, program.name)];
    return [`No gateway is running on ${url}`, ...paint([...rows, start], color)];
  }
  if (verdict === 'unknown') {
    // What is said of a gateway below would be taken for what is said of this holder.
    return [`It is not known who holds ${url}`, `  ${describeUnknown(holder)}`, ...paint(depthRows(depth), color)];
  }
  const context = { color, profile: profile.name, program: program.name, port, isManaged };
  const asked = deep ? 'status --deep' : 'status';
  return [headline(report), ...holderLines(holder, { ...context, asked }, rows)];
}

function headline({ verdict, url }: PortReport): string {
  switch (verdict) {
    case 'foreign':
      return `No gateway is running on ${url}: another program is there`;
    case 'stalled':
      return `Gateway on ${url} does not answer (stalled)`;
    case 'waiting':
      return `No gateway is running on ${url}: a service manager holds it for one (waiting)`;
    default:
      return `Gateway is running on ${url} (${String(verdict)})`;
  }
}
