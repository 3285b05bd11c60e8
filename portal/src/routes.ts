import { useSyncExternalStore } from "react";

/** Where one is in the page: the part of the address after `#`, so that it works from a file and can be linked to. */
export type Route =
  | { page: "outlook" }
  | { page: "todo" }
  | { page: "map"; asset: string | null; column: string | null }
  | { page: "asset"; asset: string; column: string | null }
  | { page: "pipelines"; pipeline: string | null; state: string | null }
  | { page: "dashboards"; filters: URLSearchParams };

/** Reads an address such as `#/asset/importau_gold.x/coluna`; what it does not know is the first page, the outlook. */
export function routeOf(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, first = null, second = null] = path.split("/").map(decoded);
  if (page === "asset" && first) return { page, asset: first, column: second };
  if (page === "pipelines") return { page, pipeline: first, state: second };
  if (page === "dashboards") return { page, filters: new URLSearchParams(query) };
  if (page === "map") return { page, asset: first, column: second };
  return { page: page === "todo" ? page : "outlook" };
}

/** The address of a place in the page. */
export function hrefOf(route: Route): string {
  const parts: (string | null)[] =
    route.page === "pipelines"
      ? [route.pipeline, route.state]
      : route.page === "map" || route.page === "asset"
        ? [route.asset, route.column]
        : [];
  const path = parts.filter((part) => part !== null).map((part) => `/${encodeURIComponent(part)}`);
  const query = route.page === "dashboards" ? route.filters.toString() : "";
  return `#/${route.page}${path.join("")}${query && `?${query}`}`;
}

export const toMap = (asset: string | null = null, column: string | null = null) =>
  hrefOf({ page: "map", asset, column });
export const toAsset = (asset: string, column: string | null = null) => hrefOf({ page: "asset", asset, column });
export const toPipeline = (pipeline: string | null = null, state: string | null = null) =>
  hrefOf({ page: "pipelines", pipeline, state });

export const toOutlook = () => hrefOf({ page: "outlook" });
export const toTodo = () => hrefOf({ page: "todo" });
export const toDashboards = () => hrefOf({ page: "dashboards", filters: new URLSearchParams() });

/** Goes there; the back button comes back, unless the place replaces the one before. */
export function go(href: string, { replace = false } = {}): void {
  if (href === location.hash) return;
  if (replace) {
    history.replaceState(null, "", href);
    dispatchEvent(new HashChangeEvent("hashchange"));
  } else {
    location.hash = href;
  }
}

export function useRoute(): Route {
  return routeOf(useSyncExternalStore(onHashChange, () => location.hash));
}

function onHashChange(tell: () => void): () => void {
  addEventListener("hashchange", tell);
  return () => removeEventListener("hashchange", tell);
}

/** An address typed by hand may hold a stray `%`. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (error instanceof URIError) return part;
    throw error;
  }
}
