import type { JSX } from 'preact';

import type { ProfilePort } from '../page-data.js';
import { useTexts } from './language.js';
import { Panel, Said, Table } from './panel.js';

export function Profiles({ profiles }: { readonly profiles: readonly ProfilePort[] }): JSX.Element {
  const texts = useTexts();
  const columns = [texts.profile, texts.port, texts.portFrom, texts.conflictsWith];
  return (
    <Panel name="profiles" title={texts.profiles}>
      <Table label={texts.profiles} columns={columns}>
        {profiles.map(({ name, port, from, conflicts, problem }) => (
          <tr key={name}>
            <td>{name}</td>
            <td>{port ?? '–'}</td>
            <td>{from === null ? '–' : (texts.portOrigins[from] ?? from)}</td>
            <td class="warning">
              {problem === null ? (
                conflicts.map((other) => `${other.name} (${other.port})`).join(', ')
              ) : (
                <Said english={problem} />
              )}
            </td>
          </tr>
        ))}
      </Table>
    </Panel>
  );
}
