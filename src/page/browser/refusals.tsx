import type { JSX } from 'preact';

import { useTexts } from './language.js';
import { Panel, Said, Table } from './panel.js';
import type { Metrics } from './watch.js';

/** Why requests, tokens and clients were refused, the most frequent reason first. */
export function Refusals({ metrics }: { readonly metrics: Metrics | undefined }): JSX.Element {
  const texts = useTexts();
  const { refused = {}, handshakeFailures = {}, dropped = {} } = metrics ?? {};
  const reasons = [refused, handshakeFailures, dropped]
    .flatMap((counts) => Object.entries(counts))
    .sort(([, one], [, other]) => other - one);
  return (
    <Panel name="refusals" title={texts.refusals}>
      {reasons.length === 0 ? (
        <p>{texts.noRefusals}</p>
      ) : (
        <Table label={texts.refusals} columns={[texts.reason, texts.count]} numbers={1}>
          {reasons.map(([reason, count]) => (
            <tr key={reason}>
              <td>
                <Said english={reason} />
              </td>
              <td class="number">{count}</td>
            </tr>
          ))}
        </Table>
      )}
    </Panel>
  );
}
