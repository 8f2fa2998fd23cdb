// Imported before all else by the programs that have our commands. Until a listener is there, SIGUSR1 opens Node's inspector on
// 127.0.0.1:9229, where every user of this machine can run code in this process.
process.on('SIGUSR1', () => {
  process.stderr.write("SIGUSR1 is ignored: it would open Node's inspector to every user of this machine\n");
});
