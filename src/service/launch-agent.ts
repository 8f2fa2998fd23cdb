import { marked } from './installed-file.js';
import type { ServicePlan } from './systemd-unit.js';

export interface AgentPlan extends ServicePlan {
  /** The name of the agent. */
  readonly label: string;
  readonly logFile: string;
}

/** A comment may not be the first of a file in XML (XML 1.0, 2.8). */
const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * The property list of a gateway for launchd (launchd.plist(5)). It is started again unless it ends with 0: launchd knows no
 * other code that is final, and waits 10 seconds between two starts.
 */
export function launchAgent({ label, command, logFile }: AgentPlan): string {
  return marked(
    `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${xml(label)}</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <dict>
    <key>SuccessfulExit</key>
    <false/>
  </dict>
  <key>ThrottleInterval</key>
  <integer>10</integer>
  <key>ExitTimeOut</key>
  <integer>10</integer>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>StandardOutPath</key>
  <string>${xml(logFile)}</string>
  <key>StandardErrorPath</key>
  <string>${xml(logFile)}</string>
</dict>
</plist>
`,
    { open: '<!-- ', close: ' -->' },
    XML_DECLARATION,
  );
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
