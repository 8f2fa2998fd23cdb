import { Component, type JSX } from 'preact';
import { useState } from 'preact/hooks';

import type { ClientEntry } from '../../control/methods/client-entry.js';
import { useTexts, useTime } from './language.js';
import { Panel, Table } from './panel.js';

export function ClientTable({ clients }: { readonly clients: readonly ClientEntry[] }): JSX.Element {
  const texts = useTexts();
  const time = useTime();
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  const chosen = wanted === '' ? clients : clients.filter((client) => textOf(client).includes(wanted));
  const aside = (
    <>
      <span class="count">{texts.shown(chosen.length, clients.length)}</span>
      <label class="aside">
        {texts.filter}{' '}
        <input type="search" value={filter} onInput={({ currentTarget }) => setFilter(currentTarget.value)} />
      </label>
    </>
  );
  return (
    <Panel name="clients" title={texts.clients} aside={aside}>
      {chosen.length === 0 ? (
        <p>{texts.noClients}</p>
      ) : (
        <Table label={texts.clients} columns={Object.values(texts.columns)} numbers={1}>
          {chosen.map((client) => (
            <Row key={client.id} client={client} since={time(client.since)} />
          ))}
        </Table>
      )}
    </Panel>
  );
}

interface RowProps {
  readonly client: ClientEntry;
  readonly since: string;
}

/** Drawn again only when it changes: there can be thousands, and all of them are asked for every other second. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate({ client, since }: RowProps): boolean {
    return client.requests !== this.props.client.requests || since !== this.props.since;
  }

  override render({ client, since }: RowProps): JSX.Element {
    return (
      <tr>
        <td>{client.clientId}</td>
        <td>{client.version}</td>
        <td>{client.platform}</td>
        <td>{client.mode}</td>
        <td>{client.ip}</td>
        <td>{since}</td>
        <td class="number">{client.requests}</td>
      </tr>
    );
  }
}

function textOf({ clientId, version, platform, mode, ip }: ClientEntry): string {
  return `${clientId} ${version} ${platform} ${mode} ${ip}`.toLowerCase();
}
