const PREFIX = "importau.";

/** What was remembered under a name; null when nothing was, or when the browser keeps nothing for this page. */
export function remembered(name: string): string | null {
  return storage()?.getItem(PREFIX + name) ?? null;
}

/** Remembers a choice for the next visit, where the browser lets the page. */
export function remember(name: string, value: string): void {
  storage()?.setItem(PREFIX + name, value);
}

/** A browser set to block storage throws on the mere mention of it. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}
