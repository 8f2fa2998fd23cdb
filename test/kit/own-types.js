import ts from 'typescript';

// Checks the declarations of this package in a project that has it, with the project's settings and those of the command
// line, which are as for tsc. Those of all other packages are read, and not checked: that takes most of the compiler's
// time, and their faults are not ours. The last argument is a file that exports everything.
const PACKAGE = '/node_modules/openclaw-gateway-lock/';

const { options, fileNames, errors } = ts.parseCommandLine(process.argv.slice(2));
const host = { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (error) => errors.push(error) };
const config = ts.getParsedCommandLineOfConfigFile(options.project, options, host);
const program = ts.createProgram(fileNames, { ...config?.options, skipLibCheck: false });
const own = program.getSourceFiles().filter(({ fileName }) => fileName.includes(PACKAGE));
if (own.length === 0) throw new Error(`there is nothing of ${PACKAGE} in ${fileNames.join(', ')}`);

const found = [
  ...errors,
  ...(config?.errors ?? []),
  ...program.getOptionsDiagnostics(),
  ...program.getGlobalDiagnostics(),
  ...[...own, ...fileNames.map((name) => program.getSourceFile(name))].flatMap((file) => [
    ...program.getSyntacticDiagnostics(file),
    ...program.getSemanticDiagnostics(file),
  ]),
];
const format = {
  getCurrentDirectory: ts.sys.getCurrentDirectory,
  getCanonicalFileName: (name) => name,
  getNewLine: () => '\n',
};
process.stderr.write(ts.formatDiagnostics(found, format));
process.exitCode = found.length > 0 ? 1 : 0;
