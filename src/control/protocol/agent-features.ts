import type { RequestError } from '../wire/frames.js';

/** The first words of the methods by which OpenClaw's clients (2026.9.6) ask for agents and what agents have. */
const AGENT_FEATURES = new Set(
  (
    'agent agents approval artifacts assistant attach audit board browser canvas channels chat claws commands computer ' +
    'controlUi conversations cron desktop device environments exec fs hooks mcp memory mentions message migrations ' +
    'models nativeHook node openclaw plugin plugins poll portal progressCard projects push question secrets send ' +
    'session sessions set-heartbeats skills system-event talk taskSuggestions tasks terminal themes tools transcripts ' +
    'tts ui usage users voicewake wake web webSearch wizard worker worktrees'
  ).split(' '),
);

/** What OpenClaw's page offers to change, by the first word of the method. */
const UNCHANGED = new Map([
  ['config', 'this gateway does not write its configuration file'],
  ['update', 'this gateway does not update itself'],
]);

/** Why a method is not served: a gateway without agents is not an older one, and there is nothing to update. */
export function describeUnserved(method: string): RequestError {
  const [feature = ''] = method.split('.', 1);
  if (!AGENT_FEATURES.has(feature)) {
    return { code: 'INVALID_REQUEST', message: `${UNCHANGED.get(feature) ?? 'unknown method'}: ${method}` };
  }
  return {
    code: 'INVALID_REQUEST',
    message: `this gateway runs no agents: ${method}`,
    details: { code: 'NO_AGENTS', method },
  };
}
