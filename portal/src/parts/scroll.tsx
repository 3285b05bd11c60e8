import type { ReactNode } from "react";

/** What may be wider than the page. Nothing in it can be focused, so the box itself is, to scroll it by keyboard. */
export function Scroll({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={name}>
      {children}
    </div>
  );
}
