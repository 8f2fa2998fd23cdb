// Preloaded into the holder, which no one can make call `process.exit()` from outside. The handler keeps nothing alive.
process.once('SIGUSR2', () => process.exit(3));
