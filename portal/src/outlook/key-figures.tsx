import type { ReactNode } from "react";

import { useFormats } from "../data";
import type { Frame } from "../document";
import { useWords } from "../language";
import { deadlines, type Exposed, type Split } from "./reckoning";
import { OUTLOOK } from "./words";

/** The numbers one looks for first, in one line. */
export function KeyFigures({ open, exposed }: { open: Frame | null; exposed: Exposed[] }) {
  const words = useWords(OUTLOOK);
  const formats = useFormats();
  const found = open ? deadlines(open) : null;
  const known = exposed.filter(({ brl }) => brl !== null);
  const split = ({ purchases, loans }: Split) => (
    <>
      <span>
        {formats.money(purchases)} {words.purchases}
      </span>
      <span>
        {formats.money(loans)} {words.loans}
      </span>
    </>
  );
  return (
    <dl className="figures">
      {found && (
        <>
          <Figure name={words.overdue} value={formats.money(found.overdue.all)} alarming={found.overdue.all > 0n}>
            {split(found.overdue)}
          </Figure>
          <Figure name={words.days30} value={formats.money(found.days30.all)}>
            {split(found.days30)}
          </Figure>
          <Figure name={words.days90} value={formats.money(found.days90.all)}>
            {split(found.days90)}
          </Figure>
          <Figure name={words.days365} value={formats.money(found.days365.all)}>
            {split(found.days365)}
          </Figure>
        </>
      )}
      <Figure name={words.exposure} value={formats.money(known.reduce((sum, { brl }) => sum + (brl ?? 0n), 0n))}>
        <span>{exposed.map(({ currency }) => currency).join(", ")}</span>
      </Figure>
    </dl>
  );
}

function Figure({ name, value, alarming = false, children }: {
  name: string;
  value: string;
  alarming?: boolean;
  children: ReactNode;
}) {
  return (
    <div className={alarming ? "alarming" : undefined}>
      <dt>{name}</dt>
      <dd className="value">{value}</dd>
      <dd className="of">{children}</dd>
    </div>
  );
}
