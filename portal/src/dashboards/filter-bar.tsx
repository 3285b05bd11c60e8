import { useId } from "react";

import { useFormats } from "../data";
import { useWords } from "../language";
import { go, hrefOf } from "../routes";
import { ALL_DIMENSIONS, type Dimension, isEmpty, parametersOf, type Selection } from "./selection";
import { DASHBOARDS } from "./words";

/** The filters; they are kept in the address, so that a view can be linked to and the back button works. */
export function FilterBar({ selection, months, values }: {
  selection: Selection;
  months: string[];
  values: Record<Dimension, string[]>;
}) {
  const words = useWords(DASHBOARDS);
  const change = (changed: Partial<Selection>) =>
    go(hrefOf({ page: "dashboards", filters: parametersOf({ ...selection, ...changed }) }));
  return (
    <form className="card filters" aria-label={words.filters} onSubmit={(event) => event.preventDefault()}>
      <Month label={words.from} months={months} value={selection.from} choose={(from) => change({ from })} />
      <Month label={words.to} months={months} value={selection.to} choose={(to) => change({ to })} />
      {ALL_DIMENSIONS.map((dimension) => (
        <Choice
          key={dimension}
          label={words[dimension]}
          values={values[dimension]}
          chosen={selection.chosen[dimension]}
          choose={(chosen) => change({ chosen: { ...selection.chosen, [dimension]: chosen } })}
        />
      ))}
      <button
        type="button"
        disabled={isEmpty(selection)}
        onClick={() => go(hrefOf({ page: "dashboards", filters: new URLSearchParams() }))}
      >
        {words.reset}
      </button>
    </form>
  );
}

function Month({ label, months, value, choose }: {
  label: string;
  months: string[];
  value: string;
  choose: (month: string) => void;
}) {
  const words = useWords(DASHBOARDS);
  const formats = useFormats();
  const id = useId();
  return (
    <span className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={months.includes(value) ? value : ""} onChange={(event) => choose(event.target.value)}>
        <option value="">{words.all}</option>
        {months.map((month) => (
          <option key={month} value={month}>
            {formats.month(month)}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Any number of values of a dimension, as check boxes under a button. */
function Choice({ label, values, chosen, choose }: {
  label: string;
  values: string[];
  chosen: string[];
  choose: (chosen: string[]) => void;
}) {
  const words = useWords(DASHBOARDS);
  const said = chosen.length === 0 ? words.all : chosen.map((value) => value || words.unknown).join(", ");
  return (
    <details className="choice" name="choice">
      <summary>
        {label}: <strong>{said}</strong>
      </summary>
      <fieldset>
        <legend className="visually-hidden">{label}</legend>
        {values.map((value) => (
          <label key={value}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) =>
                choose(event.target.checked ? [...chosen, value] : chosen.filter((each) => each !== value))
              }
            />{" "}
            {value || words.unknown}
          </label>
        ))}
      </fieldset>
    </details>
  );
}
