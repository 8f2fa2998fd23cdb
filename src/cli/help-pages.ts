/** What the help of a command adds to its flags. */
export interface HelpPage {
  /** What follows the name of the program, and what it does. */
  readonly examples: readonly (readonly [args: string, purpose: string])[];
  /** In the folder of the documentation. */
  readonly page: string;
}

const DOCS = 'https://github.com/openclaw-gateway-lock/openclaw-gateway-lock/blob/main/docs';

/** The page of the program itself: what a newcomer types first. */
export const PROGRAM_PAGE: HelpPage = {
  examples: [
    ['start', 'start the gateway in the background'],
    ['status', 'what runs, where, and with which files'],
    ['doctor', 'what is wrong here, and what to do about it'],
    ['help gateway', 'all that the gateway command can do'],
  ],
  page: 'quickstart.md',
};

export const RUN_PAGE: HelpPage = {
  examples: [
    ['gateway', 'serve until Ctrl-C'],
    ['gateway --profile work --standby', 'take over when it goes'],
  ],
  page: 'holder.md',
};

/** By the name of the command. */
export const HELP_PAGES: Readonly<Record<string, HelpPage>> = {
  gateway: RUN_PAGE,
  run: RUN_PAGE,
  start: {
    examples: [
      ['gateway start', 'start it, or find the one that runs'],
      ['gateway start --json', 'the same for scripts'],
    ],
    page: 'launcher.md',
  },
  install: {
    examples: [
      ['gateway install --linger', 'run it from boot on'],
      ['gateway install --print', 'read the unit first'],
    ],
    page: 'service.md',
  },
  uninstall: {
    examples: [['gateway uninstall', 'stop the service, and remove what install has written']],
    page: 'service.md',
  },
  status: {
    examples: [
      ['gateway status', 'what runs, where, and with which files'],
      ['gateway status --watch', 'look again every two seconds, until Ctrl-C'],
    ],
    page: 'holder.md',
  },
  stop: {
    examples: [['gateway stop --profile work', 'on whatever port it runs']],
    page: 'holder.md',
  },
  restart: { examples: [['gateway restart', 'stop it, and start it again']], page: 'launcher.md' },
  logs: {
    examples: [['gateway logs --follow', 'the last lines, and new ones until Ctrl-C']],
    page: 'launcher.md',
  },
  health: {
    examples: [
      ['gateway health', 'ask your own'],
      ['gateway health --url ws://127.0.0.1:19000 --token …', 'behind a tunnel'],
    ],
    page: 'control-port.md',
  },
  call: {
    examples: [['gateway call gateway.shutdown --params \'{"reason":"update"}\'', 'stop it']],
    page: 'control-port.md',
  },
  ports: { examples: [['gateway ports', 'the plan of all profiles, and its conflicts']], page: 'profiles.md' },
  fleet: {
    examples: [
      ['gateway fleet check --fleet office', 'can the database keep it?'],
      ['gateway fleet status --fleet office', 'who is active, and who was'],
      ['gateway fleet yield --fleet office', 'another host is to be active'],
    ],
    page: 'fleet.md',
  },
  open: {
    examples: [
      ['gateway open', 'look at it in the browser'],
      ['gateway open --print', 'print the address, to be opened elsewhere'],
    ],
    page: 'page.md',
  },
  doctor: { examples: [['gateway doctor', 'what is wrong here, and what to do about it']], page: 'doctor.md' },
  completion: {
    examples: [
      ['completion bash', 'print what bash has to source'],
      ['completion fish', 'print what fish has to source'],
    ],
    page: 'completion.md',
  },
};

/** The lines below the flags: examples as one types them, and where the documentation is. */
export function helpPageText({ examples, page }: HelpPage, program: string): string {
  const width = Math.max(...examples.map(([args]) => args.length));
  const lines = examples.map(([args, purpose]) => `  ${program} ${args.padEnd(width)}  ${purpose}`);
  return ['', 'Examples:', ...lines, '', `Documentation: ${DOCS}/${page}`].join('\n');
}
