/** A choice of one of several names, with its label. */
export function Choice({
  label, names, chosen, choose,
}: { label: string; names: readonly string[]; chosen: string; choose: (name: string) => void }) {
  return (
    <label>
      {label}{" "}
      <select value={chosen} onChange={(event) => choose(event.target.value)}>
        {names.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  );
}
