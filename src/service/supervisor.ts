import { readTextIfAllowed } from '../common/process-files.js';

/** A program that starts this process again when it ends, and how it is told to. */
interface Supervisor {
  readonly name: string;
  readonly restart: string;
}

/** The names of all agents of launchd that `install` writes begin so. */
export const LABEL_PREFIX = 'openclaw-gateway-lock.';

/** Whether launchd runs this process as an agent that `install` has written. */
export function isLaunchAgent(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment['XPC_SERVICE_NAME']?.startsWith(LABEL_PREFIX) ?? false;
}

/** By a variable that each sets for the processes that it starts. */
const BY_VARIABLE: Readonly<Record<string, Supervisor>> = {
  pm_id: { name: 'pm2', restart: 'pm2 restart' },
  SUPERVISOR_ENABLED: { name: 'supervisord', restart: 'supervisorctl restart' },
  XPC_SERVICE_NAME: { name: 'launchd', restart: 'launchctl kickstart -k' },
};
/** By the name of the parent process (/proc/PID/comm). */
const BY_PARENT: Readonly<Record<string, Supervisor>> = {
  's6-supervise': { name: 's6', restart: 's6-svc -r' },
  runsv: { name: 'runit', restart: 'sv restart' },
};

/**
 * Why a gateway hands nothing over where no manager can be told of its successor. The program that has started this one
 * would start another gateway beside the successor, or take the end of this process for the end of the gateway.
 */
export function whyNoHandover(
  environment: NodeJS.ProcessEnv = process.env,
  parent = readTextIfAllowed(`/proc/${process.ppid}/comm`).trim(),
): string {
  // launchd gives it to every process of a session, with 0 to those that it has not started itself.
  const variable = Object.keys(BY_VARIABLE).find(
    (name) => (environment[name] ?? '0') !== '0' || (name === 'pm_id' && name in environment),
  );
  const supervisor = variable === undefined ? BY_PARENT[parent] : BY_VARIABLE[variable];
  return supervisor
    ? `--handover: this gateway runs under ${supervisor.name}, which would start another beside it: use ${supervisor.restart}`
    : '--handover: this gateway was started neither by systemd with Type=notify nor by start: use restart';
}
