import { Fragment } from "react";

/** A technical name, which may break after its joints where there is no room for it in one line. */
export function Name({ text }: { text: string }) {
  return text.split(/(?<=[_.])/).map((part, index) => (
    <Fragment key={index}>
      {index > 0 && <wbr />}
      {part}
    </Fragment>
  ));
}
