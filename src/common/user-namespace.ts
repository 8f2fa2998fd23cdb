import { readTextIfAllowed } from './process-files.js';

/** The numbers of all users, each as itself: what a process has that is in no user namespace of its own. */
const ALL_USERS = /^ *0 +0 +4294967295$/m;
/** The value of `overflowuid` where the kernel does not show another one. */
const OVERFLOW_UID = 65_534;

let known: number | undefined;

/**
 * Whether a number may stand for several users. A user namespace shows all users that have no number in it with the same
 * one (`overflowuid` in user_namespaces(7)). A user of the namespace may have that number too.
 */
export function standsForMany(uid: number): boolean {
  // Read once: a process of Node stays in its namespace.
  known ??= uidOfTheUnmapped();
  return uid === known;
}

/**
 * @param map /proc/self/uid_map; empty where there are no such namespaces
 * @param overflow /proc/sys/kernel/overflowuid
 * @returns -1 where every user has a number of its own
 */
export function uidOfTheUnmapped(
  map = readTextIfAllowed('/proc/self/uid_map'),
  overflow = readTextIfAllowed('/proc/sys/kernel/overflowuid'),
): number {
  if (process.platform !== 'linux' || ALL_USERS.test(map)) return -1;
  return Number(overflow.trim() || OVERFLOW_UID);
}
