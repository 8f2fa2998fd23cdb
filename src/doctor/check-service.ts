import { findManagedService, isUnderManager, type ManagedService } from '../service/managed-service.js';
import type { Finding, Patient } from './finding.js';

const CHECK = 'service';

/** Whether the service that an install has written can run, and does so from boot on. */
export async function checkService({ profile, program }: Pick<Patient, 'profile' | 'program'>): Promise<Finding> {
  return judgeService(await findManagedService({ program, profile: profile.name }, undefined), program);
}

/** @param service missing where none is installed */
export function judgeService(service: ManagedService | undefined, program: string): Finding {
  if (!service) return { check: CHECK, level: 'ok', text: 'no service manager is to run this gateway' };
  const { unit, state, restarts, missingFile } = service;
  if (missingFile !== undefined) {
    return {
      check: CHECK,
      level: 'problem',
      text: `${unit} runs ${missingFile}, which is gone`,
      wayOut: `${program} gateway install`,
    };
  }
  if (state === 'failed') {
    return {
      check: CHECK,
      level: 'problem',
      text: `systemd has given ${unit} up after ${restarts} restarts`,
      wayOut: `see why: journalctl --user -u ${unit} -n 20; then: ${program} gateway start`,
    };
  }
  if (!service.isEnabled) {
    return {
      check: CHECK,
      level: 'note',
      text: `${unit} does not start by itself`,
      wayOut: `systemctl --user enable ${unit}`,
    };
  }
  if (!service.lingers) {
    return {
      check: CHECK,
      level: 'note',
      text: `${unit} ends when its user logs out, and does not start at boot`,
      wayOut: 'loginctl enable-linger',
    };
  }
  return {
    check: CHECK,
    level: isUnderManager(service) ? 'ok' : 'note',
    text: `${unit} is ${state}, and was started again ${restarts} times`,
  };
}
