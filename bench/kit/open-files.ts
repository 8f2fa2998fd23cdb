interface Report {
  readonly userLimits?: Readonly<Record<string, { readonly hard: string | number }>>;
}

/** How many files, sockets among them, a process may have open: Node raises its own limit to the hard one. */
export function maxOpenFiles(): number {
  const { userLimits } = process.report.getReport() as Report;
  const limit = Number(userLimits?.['open_files']?.hard);
  // Where it is not told, or not limited.
  return Number.isFinite(limit) ? limit : Infinity;
}
