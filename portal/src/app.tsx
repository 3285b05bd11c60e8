import { useEffect, useMemo, useRef } from "react";

import { AssetPage } from "./asset/asset-page";
import { useFormats, useLakehouse } from "./data";
import { DashboardsPage } from "./dashboards/dashboards-page";
import { useLanguage, useWords } from "./language";
import { MapPage } from "./map/map-page";
import { OutlookPage } from "./outlook/outlook-page";
import { PipelinesPage } from "./pipelines/pipelines-page";
import { type Route, toDashboards, toMap, toOutlook, toPipeline, toTodo, useRoute } from "./routes";
import { SearchBox } from "./search/search-box";
import { useTheme } from "./theme";
import { tasksOf } from "./todo/tasks";
import { TodoPage } from "./todo/todo-page";
import { SHELL } from "./words";

export function App() {
  const words = useWords(SHELL);
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const shown = route.page === "asset" ? `asset ${route.asset}` : route.page;
  const before = useRef(shown);
  useEffect(() => {
    // A new page begins at its top, for eyes and for screen readers; a change within one stays where it is.
    if (before.current !== shown) main.current?.focus();
    before.current = shown;
  }, [shown]);
  return (
    <>
      <a className="skip" href="#content" onClick={(event) => (event.preventDefault(), main.current?.focus())}>
        {words.skip}
      </a>
      <Header route={route} />
      <main id="content" ref={main} tabIndex={-1}>
        <Page route={route} />
      </main>
      <Footer />
    </>
  );
}

function Page({ route }: { route: Route }) {
  const { assets } = useLakehouse();
  const words = useWords(SHELL);
  switch (route.page) {
    case "asset": {
      const asset = assets.get(route.asset);
      if (asset) return <AssetPage key={asset.id} asset={asset} column={route.column} />;
      return (
        <p className="page">
          {words.unknown} <code>{route.asset}</code>
        </p>
      );
    }
    case "pipelines":
      return <PipelinesPage pipeline={route.pipeline} state={route.state} />;
    case "dashboards":
      return <DashboardsPage filters={route.filters} />;
    case "outlook":
      return <OutlookPage />;
    case "todo":
      return <TodoPage />;
    case "map":
      return <MapPage asset={route.asset} column={route.column} />;
  }
}

function Header({ route }: { route: Route }) {
  const words = useWords(SHELL);
  const { language, speak } = useLanguage();
  const { theme, wear } = useTheme();
  const { lakehouse } = useLakehouse();
  const waiting = useMemo(() => tasksOf(lakehouse).length, [lakehouse]);
  const pages = [
    { page: "outlook", href: toOutlook(), name: words.outlook },
    { page: "todo", href: toTodo(), name: words.todo },
    { page: "dashboards", href: toDashboards(), name: words.dashboards },
    { page: "map", href: toMap(), name: words.map },
    { page: "pipelines", href: toPipeline(), name: words.pipelines },
  ];
  return (
    <header className="bar">
      <a className="brand" href={toOutlook()} aria-label={[words.title, lakehouse.stage].filter(Boolean).join(", ")}>
        {words.brand}
        {lakehouse.stage && <span className="count">{lakehouse.stage}</span>}
      </a>
      <nav aria-label={words.pages}>
        {pages.map(({ page, href, name }) => (
          <a key={page} href={href} aria-current={route.page === page ? "page" : undefined}>
            {name}
            {page === "todo" && waiting > 0 && <span className="count">{waiting}</span>}
          </a>
        ))}
      </nav>
      <SearchBox />
      <button
        type="button"
        className="sign"
        lang={language === "pt" ? "en" : "pt-BR"}
        title={words.language}
        onClick={() => speak(language === "pt" ? "en" : "pt")}
      >
        {words.languageSign}
        <span className="visually-hidden">: {words.language}</span>
      </button>
      <button
        type="button"
        className="sign"
        aria-label={theme === "dark" ? words.toLight : words.toDark}
        title={theme === "dark" ? words.toLight : words.toDark}
        onClick={() => wear(theme === "dark" ? "light" : "dark")}
      >
        <span aria-hidden="true">◐</span>
      </button>
    </header>
  );
}

function Footer() {
  const words = useWords(SHELL);
  const { lakehouse } = useLakehouse();
  const formats = useFormats();
  return (
    <footer className="bar">
      <span>
        {words.made} <time dateTime={lakehouse.generated_at}>{formats.moment(lakehouse.generated_at)}</time>
      </span>
      <span>
        {lakehouse.stack} · {lakehouse.account} · {lakehouse.region} · s3://{lakehouse.bucket}
      </span>
    </footer>
  );
}
