/**
 * What a standby says of the holder with this pid. On a busy machine the search for the pid may run out of its 500 ms,
 * and then the standby says that too; the lock has been refused to it all the same.
 */
export function standingBy(pid: number): RegExp {
  return new RegExp(`"message":"standing by for .*(?: pid ${pid}, |does not say who"\\}$)`, 'm');
}
