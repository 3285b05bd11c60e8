"""Catalogues as the portal reads them, larger or nastier than any real one."""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from cli.finding.entries import Entry
from cli.finding.index import index_of

DASHBOARDS = ("cash_flow", "forecast", "volume", "outlook", "currency_risk", "open", "overdue", "rates")
PAYLOAD = '</script><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>{{7*7}}'


def large(tables: int = 500, columns: int = 10) -> dict[str, Any]:
    """Return a lakehouse of so many tables of so many columns, each made of two others and their columns."""
    layers = ("landing", "bronze", "silver", "gold")
    each = tables // len(layers)
    assets = [_asset(layers[index // each], index, columns) for index in range(each * len(layers))]
    edges, column_edges = [], []
    for index in range(each, len(assets)):
        for source in sorted({index - each, index - each + 1 if (index + 1) % each else index - each}):
            task = f"StateMachine_DAG_{assets[index]['layer']}.Write{index // 20}"
            edges.append(
                {"from": assets[source]["id"], "to": assets[index]["id"], "task": task, "declared": True,
                 "observed": True}
            )  # fmt: skip
            column_edges += [[source, column, index, column, 1] for column in range(columns)]
    return {
        "format": 2, "generated_at": "2026-11-23T12:00:00+00:00", "account": "000000000000", "region": "us-east-1",
        "bucket": "lake", "stack": "importau", "stage": "", "problems": [], "version": None, "versions": [],
        "waiting": [], "anomalies": [], "alerts": [],
        "assets": assets, "edges": edges, "column_edges": column_edges, "pipelines": [], "runs": [],
        "dashboards": dict.fromkeys(DASHBOARDS), "today": None, "workbook": None, "glossary": {},
        "search": index_of([entry for asset in assets for entry in _entries(asset)], ()),
    }  # fmt: skip


def _entries(asset: Mapping[str, Any]) -> Iterator[Entry]:
    yield Entry("table", asset["name"], asset["id"], asset["name"], "", asset["description"])
    for column in asset["columns"]:
        name = column["name"]
        yield Entry("column", f"{asset['name']}.{name}", f"{asset['id']}.{name}", name, column["business_name"])


def _asset(layer: str, number: int, columns: int) -> dict[str, Any]:
    database = layer if layer == "landing" else f"importau_{layer}"
    return {
        "id": f"{database}.tabela_{number:03}", "name": f"tabela_{number:03}", "layer": layer, "database": database,
        "business_name": "", "terms": [],
        "description": f"A tabela de número {number}.", "owner": "engenharia", "domain": "importacao", "tags": [],
        "location": f"s3://lake/{number}/", "contract_version": "1.0.0", "rows": 1000, "bytes": 4096,
        "updated_at": "2026-11-23T11:00:00+00:00", "freshness_hours": 24, "run_id": "run",
        "columns": [
            {"name": f"coluna_{column}", "terms": [], "business_name": f"Coluna {column}", "type": "bigint",
             "description": f"A coluna {column}.", "key": column == 0,
             "required": True, "classification": "PII" if column == 9 else None, "transformation": "Como está."}
            for column in range(columns)
        ],
        "audits": [], "rules": [], "past": None, "sample": None, "hidden_columns": [], "query": None,
    }  # fmt: skip


def hostile(lakehouse: dict[str, Any]) -> dict[str, Any]:
    """Return a lakehouse in which everything a stranger may have written holds markup and a script.

    Names by which things are linked (ids of assets, states, columns) are renamed everywhere alike.
    """
    nasty = copy.deepcopy(lakehouse)
    nasty["problems"] = [PAYLOAD]
    _spoil([nasty["version"], *nasty["versions"]], at=PAYLOAD, run_id=PAYLOAD, made_by=PAYLOAD)
    for asset in nasty["assets"]:
        asset.update(dict.fromkeys(("description", "owner", "domain", "location", "query"), PAYLOAD), tags=[PAYLOAD])
        _spoil(asset["columns"], description=PAYLOAD, transformation=PAYLOAD, business_name=PAYLOAD)
        _spoil(asset["rules"], description=PAYLOAD, examples=[PAYLOAD])
        _spoil(asset["audits"], quarantine_reasons={PAYLOAD: 1})
        _spoil_words(asset["sample"])
        _spoil(asset["past"]["changes"] if asset["past"] else [], contract=PAYLOAD, added=[PAYLOAD])
    for pipeline in nasty["pipelines"]:
        pipeline["description"] = PAYLOAD
        _spoil(pipeline["states"], description=PAYLOAD, owner=PAYLOAD, resource=PAYLOAD)
        _spoil(pipeline["executions"], cause=PAYLOAD)
    for frame in nasty["dashboards"].values():
        _spoil_words(frame, but="mes_referencia moeda_origem")
    text = json.dumps(nasty)
    for name in ("razao_social", "fornecedores", "WriteGold"):
        text = text.replace(name, json.dumps(f"{name}{PAYLOAD}")[1:-1])
    renamed: dict[str, Any] = json.loads(text)
    return renamed


def _spoil(parts: list[dict[str, Any]], **values: Any) -> None:
    for part in parts:
        part.update(copy.deepcopy(values))


def _spoil_words(frame: dict[str, Any] | None, but: str = "") -> None:
    for column in frame["columns"] if frame else ():
        if column["kind"] == "text" and column["name"] not in but:
            column["words"] = [f"{PAYLOAD} {word}" for word in column["words"]]
