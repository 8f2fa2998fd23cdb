export function installApart(folder: string, packages: readonly string[]): string;
export function run(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): void;
export function fail(text: string): never;
