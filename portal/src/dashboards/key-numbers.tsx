import { useFormats } from "../data";
import type { Data } from "../document";
import { useWords } from "../language";
import { MadeOf, NotApplied } from "./panel";
import { ignoredBy, rowsOf, type Selection } from "./selection";
import { total } from "./sums";
import { DASHBOARDS } from "./words";

/** The few numbers one looks for first. */
export function KeyNumbers({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const rows = rowsOf(frame, selection);
  const sum = (...measures: string[]) => measures.reduce((so, measure) => so + total(frame, rows, measure), 0n);
  const numbers: [string, string][] = [
    [words.outflow, formats.money(sum("total_saida_brl"))],
    [words.paid, formats.money(sum("saida_paga_brl"))],
    [words.pending, formats.money(sum("saida_pendente_brl"))],
    [words.scheduled, formats.money(sum("saida_agendada_brl"))],
    [words.expected, formats.money(sum("saida_prevista_brl"))],
    [words.variation, formats.money(sum("variacao_cambial_brl"))],
  ];
  return (
    <div>
      <dl className="figures key-numbers">
        {numbers.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="value">{value}</dd>
          </div>
        ))}
      </dl>
      <NotApplied ignored={ignoredBy(frame, selection)} />
      <MadeOf source={frame.from} />
    </div>
  );
}
