import { useFormats } from "../data";
import type { Data } from "../document";
import { useWords } from "../language";
import { MadeOf } from "./panel";
import { ignoredBy, rowsOf, type Selection } from "./selection";
import { sumsBy, total } from "./sums";
import { DASHBOARDS } from "./words";

/** The few numbers one looks for first. */
export function KeyNumbers({ frame, selection }: { frame: Data; selection: Selection }) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const rows = rowsOf(frame, selection);
  const sum = (...measures: string[]) => measures.reduce((so, measure) => so + total(frame, rows, measure), 0n);
  const exposure = [...sumsBy(frame, rows, "moeda_origem", "exposicao_moeda_origem")].filter(([, value]) => value);
  const numbers = [
    [words.outflow, formats.money(sum("total_saida_brl"))],
    [words.paid, formats.money(sum("saida_paga_brl"))],
    [words.open, formats.money(sum("saida_pendente_brl", "saida_agendada_brl", "saida_prevista_brl"))],
    [words.variation, formats.money(sum("variacao_cambial_brl"))],
    [words.exposure, exposure.map(([currency, value]) => formats.money(value, currency)).join(" · ") || "—"],
  ] as const;
  return (
    <div>
      <dl className="key-numbers">
        {numbers.map(([name, value]) => (
          <div key={name} className="card">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <MadeOf source={frame.from} ignored={ignoredBy(frame, selection)} />
    </div>
  );
}
