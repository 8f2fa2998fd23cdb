export function stamp(root: string, output: string, ...sources: string[]): void;
export function changedSince(root: string, output: string, ...sources: string[]): string | undefined;
