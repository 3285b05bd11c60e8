import { type RefObject, useEffect, useId, useRef } from "react";

import { useFormats } from "../data";
import { useWords } from "../language";
import { go, hrefOf } from "../routes";
import { ALL_DIMENSIONS, type Dimension, isEmpty, nameOf, parametersOf, type Selection } from "./selection";
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
          dimension={dimension}
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
  // A month that an old link asks for stays in sight, though the data no longer has it.
  const offered = value && !months.includes(value) ? [...months, value].sort() : months;
  return (
    <span className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => choose(event.target.value)}>
        <option value="">{words.all}</option>
        {offered.map((month) => (
          <option key={month} value={month}>
            {formats.month(month)}
          </option>
        ))}
      </select>
    </span>
  );
}

/** Any number of values of a dimension, as check boxes under a button. */
function Choice({ dimension, values, chosen, choose }: {
  dimension: Dimension;
  values: string[];
  chosen: string[];
  choose: (chosen: string[]) => void;
}) {
  const words = useWords(DASHBOARDS);
  const label = words[dimension];
  const name = (value: string) => nameOf(dimension, value, words);
  const said = chosen.length === 0 ? words.all : chosen.map(name).join(", ");
  const box = useRef<HTMLDetailsElement>(null);
  useClosing(box);
  return (
    <details className="choice" name="choice" ref={box}>
      <summary>
        {label}: <strong>{said}</strong>
      </summary>
      <fieldset>
        <legend className="visually-hidden">{label}</legend>
        {[...new Set([...values, ...chosen])].map((value) => (
          <label key={value}>
            <input
              type="checkbox"
              checked={chosen.includes(value)}
              onChange={(event) =>
                choose(event.target.checked ? [...chosen, value] : chosen.filter((each) => each !== value))
              }
            />{" "}
            {name(value)}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

/** Closes an open box by Escape, which gives its button the focus back, and by a press anywhere else. */
function useClosing(box: RefObject<HTMLDetailsElement | null>) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || !box.current?.open) return;
      box.current.open = false;
      box.current.querySelector("summary")?.focus();
    };
    const onPress = (event: PointerEvent) => {
      if (box.current?.open && event.target instanceof Node && !box.current.contains(event.target)) box.current.open = false;
    };
    addEventListener("keydown", onKey);
    addEventListener("pointerdown", onPress);
    return () => {
      removeEventListener("keydown", onKey);
      removeEventListener("pointerdown", onPress);
    };
  }, [box]);
}
