import { Component, type JSX } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import { isAsGraveAs, LOG_LEVELS, type LogLevel } from '../../common/log-level.js';
import { useTexts } from './language.js';
import type { LogLine } from './log-line.js';
import { Panel } from './panel.js';

/** How near to its end a log is still read at its end, in pixels. */
const AT_END = 20;
const MAX_SHOWN = 500;

export function LogPanel({
  lines,
  isKept,
}: {
  readonly lines: readonly LogLine[];
  readonly isKept: boolean;
}): JSX.Element {
  const texts = useTexts();
  const [least, setLeast] = useState<LogLevel>('info');
  const chosen = lines.filter(({ level }) => isAsGraveAs(level, least)).slice(-MAX_SHOWN);
  const aside = (
    <label class="aside">
      {texts.level}{' '}
      <select value={least} onChange={({ currentTarget }) => setLeast(currentTarget.value as LogLevel)}>
        {LOG_LEVELS.map((level) => (
          <option key={level} value={level}>
            {texts.levels[level]}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <Panel name="log" title={texts.log} aside={isKept && aside}>
      {!isKept ? <p>{texts.noLog}</p> : chosen.length === 0 ? <p>{texts.emptyLog}</p> : <Lines lines={chosen} />}
    </Panel>
  );
}

/** Follows the end of the log while a person reads there. */
function Lines({ lines }: { readonly lines: readonly LogLine[] }): JSX.Element {
  const texts = useTexts();
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useLayoutEffect(() => {
    if (box.current && isAtEnd.current) box.current.scrollTop = box.current.scrollHeight;
  });
  const scrolled = ({ currentTarget }: { readonly currentTarget: HTMLDivElement }): void => {
    const { scrollHeight, scrollTop, clientHeight } = currentTarget;
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < AT_END;
  };
  return (
    <div class="scroll" role="group" aria-label={texts.log} tabIndex={0} ref={box} onScroll={scrolled}>
      <ol>
        {lines.map((line) => (
          <Line key={line.key} line={line} />
        ))}
      </ol>
    </div>
  );
}

/** Drawn once: a line of the log never changes. */
class Line extends Component<{ readonly line: LogLine }> {
  override shouldComponentUpdate(): boolean {
    return false;
  }

  override render({ line: { time, level, subsystem, message } }: { readonly line: LogLine }): JSX.Element {
    return (
      <li class={level}>
        <time>{time.slice(11, 19)}</time> <b>{level}</b> <i>{subsystem}</i> {message}
      </li>
    );
  }
}
