import { useFormats, useLakehouse } from "../data";
import type { Change, Version, Waiting } from "../document";
import { useWords } from "../language";
import { Scroll } from "../parts/scroll";
import { VERSIONS } from "./words";

/** The history of what was published: each row a whole state of the lake, the newest first. */
export function Versions() {
  const words = useWords(VERSIONS);
  const { lakehouse } = useLakehouse();
  const { version, versions } = lakehouse;
  return (
    <section className="versions" aria-labelledby="versions">
      <h2 id="versions">{words.title}</h2>
      <p>{words.about}</p>
      {versions.length > 0 ? (
        <Scroll name={words.title}>
          <table>
            <thead>
              <tr>
                <th scope="col" className="number">
                  {words.number}
                </th>
                <th scope="col">{words.at}</th>
                <th scope="col">{words.by}</th>
                <th scope="col" className="number">
                  {words.rows}
                </th>
              </tr>
            </thead>
            <tbody>
              {versions.map((each) => (
                <Row key={each.number} version={each} isShown={each.number === version?.number} />
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <p>{words.none}</p>
      )}
      {version?.changes && <Changes changes={version.changes} />}
      {lakehouse.waiting && <Quarantine waiting={lakehouse.waiting} />}
    </section>
  );
}

/** What the version changed of the cash flow, month by month. */
function Changes({ changes }: { changes: Change[] }) {
  const words = useWords(VERSIONS);
  const formats = useFormats();
  return (
    <details>
      <summary>{words.changes}</summary>
      {changes.length > 0 ? (
        <Scroll name={words.changes}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.month}</th>
                <th scope="col" className="number">
                  {words.change}
                </th>
              </tr>
            </thead>
            <tbody>
              {changes.map(({ month, cents }) => (
                <tr key={month}>
                  <th scope="row">{month}</th>
                  <td className="number">{formats.money(BigInt(cents))}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <p>{words.unchanged}</p>
      )}
    </details>
  );
}

/** The rows that wait to be mended, and for how long. */
function Quarantine({ waiting }: { waiting: Waiting[] }) {
  const words = useWords(VERSIONS);
  const formats = useFormats();
  return (
    <details>
      <summary>{words.waiting}</summary>
      {waiting.length > 0 ? (
        <Scroll name={words.waiting}>
          <table>
            <thead>
              <tr>
                <th scope="col">{words.table}</th>
                <th scope="col" className="number">
                  {words.rowsAside}
                </th>
                <th scope="col" className="number">
                  {words.days}
                </th>
                <th scope="col">{words.reasons}</th>
              </tr>
            </thead>
            <tbody>
              {waiting.map((each) => (
                <tr key={each.table}>
                  <th scope="row">{each.table}</th>
                  <td className="number">{formats.number(each.rows)}</td>
                  <td className="number">{formats.number(each.days)}</td>
                  <td>
                    {Object.entries(each.reasons).map(([reason, count]) => (
                      <div key={reason}>
                        {formats.number(count)} × {reason}
                      </div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <p>{words.nothingWaits}</p>
      )}
    </details>
  );
}

function Row({ version, isShown }: { version: Version; isShown: boolean }) {
  const words = useWords(VERSIONS);
  const formats = useFormats();
  return (
    <tr aria-current={isShown ? "true" : undefined}>
      <th scope="row" className="number">
        {version.number}
      </th>
      <td>
        <time dateTime={version.at}>{formats.moment(version.at)}</time>
        {isShown && <div className="faint">{words.shown}</div>}
      </td>
      <td>
        {version.made_by ?? words.unreadable}
        {version.restores !== null && ` (${words.restores} ${version.restores})`}
        <div className="faint">{version.run_id}</div>
      </td>
      <td className="number">{version.rows === null ? "–" : formats.number(version.rows)}</td>
    </tr>
  );
}
