"""Stand-ins for the Lambdas: files and versions as the real ones make them, with a text in the place of Parquet.

How they behave is said by the source of a run (``body``, of one layer where it says ``in``; ``parts``, ``rounds``,
``same``, ``fault``, ``slow``), and by objects under ``faults/``: each makes one call fail, and is gone then. Every call
leaves an object under ``calls/``.
"""

import io
import zipfile
from typing import Any, Final

from lakehouse_tables import FACT, PARTED, TABLES

from cli.embedded.endpoint import ACCOUNT
from lakehouse.lake import layout

BUCKET: Final = "lake"
ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/any"
RULE: Final = "pedidos: the rule 'chave unica' failed for 2 of 30 rows"
# The numbers of parts that runs here have.
PARTS: Final = (1, 3, 5)
_RUN: Final = "RUN"

_COMMON: Final = """
import json, os, re, time, uuid
import boto3
from botocore.exceptions import ClientError
client = boto3.client("s3")
FILES, BELOW, LAYERS = {files!r}, {below!r}, {layers!r}
class InputError(Exception): pass
class LakehouseError(Exception): pass
def keys(prefix):
    return [o["Key"] for o in client.list_objects_v2(Bucket="lake", Prefix=prefix).get("Contents", [])]
def get(key):
    return client.get_object(Bucket="lake", Key=key)["Body"].read().decode()
def put(key, body):
    client.put_object(Bucket="lake", Key=key, Body=body)
def put_new(key, body):
    try:
        client.put_object(Bucket="lake", Key=key, Body=body, IfNoneMatch="*")
    except ClientError:
        return get(key) == body
    return True
def fault(of):
    for key in keys("faults/" + of + "/")[:1]:
        said = get(key)
        client.delete_object(Bucket="lake", Key=key)
        return said or "a fault"
    return None
def called(event, what):
    put("calls/" + event["run_id"] + "/" + what + "/" + uuid.uuid4().hex, json.dumps(event))
def version(number=0):
    there = keys("lake/versions/")
    if not there:
        return dict(number=0, run="", tables={{}})
    return json.loads(get("lake/versions/%010d.json" % number if number else there[-1]))
def passed(run_id, layer):
    there = keys("governance/quality/" + layer + "/" + run_id + ".json")
    return bool(there) and json.loads(get(there[0]))["passed"]
def files(run_id, layer, table, number=0):
    if not number and passed(run_id, layer):
        return keys(layer + "/" + table + "/run=" + run_id + "/")
    return version(number)["tables"].get(table, [])
def in_parts(found):
    listed = re.sub("-[0-9]{{5}}-of-[0-9]{{5}}.parquet", "-", found[0]) if len(found) > 1 else ""
    return dict(parts=max(1, len(found)), parts_prefix=listed)
def of_a_part(step, event):
    part, parts = map(int, re.search(r"-([0-9]{{5}})-of-([0-9]{{5}})", event["part_key"]).groups())
    called(event, event["layer"] + "/" + step + "/part/" + str(part))
    if fault(event["layer"] + "/" + step + "/" + str(part)):
        raise InputError("part " + str(part) + " is broken")
    return dict(run_id=event["run_id"], layer=event["layer"], part=part, parts=parts)
"""
_WRITE: Final = """
def handler(event, context):
    run_id, layer, source = event["run_id"], event["layer"], event.get("source", {})
    own = {table: {parts: [key.replace("run=RUN/", "run=" + run_id + "/") for key in named]
                   for parts, named in by_parts.items()} for table, by_parts in FILES[layer].items()}
    if source.get("fault"):
        raise InputError(source["fault"])
    if "part_key" in event:
        done = of_a_part("write", event)
        for by_parts in own.values():
            if len(by_parts) > 1 and layer != "bronze":
                put_new(by_parts[done["parts"]][done["part"]], "part of " + run_id)
        return done
    called(event, layer + "/write/all")
    if source.get("slow"):
        put("slow/" + run_id + "/" + layer + "/" + str(os.getpid()), "")
        while len(keys("slow/" + run_id + "/" + layer + "/")) < 2:
            time.sleep(0.05)
    for number in range(source.get("rounds", 0) if layer == "bronze" and event["maps"] else 0):
        prefix = "staging/" + run_id + "/bronze/tasks/round" + str(number) + "-"
        if not keys(prefix):
            for task in range(3):
                put(prefix + "%05d-of-00003.json" % task, "")
            return dict(run_id=run_id, layer=layer, tables=[], parts=3, parts_prefix=prefix)
    below = BELOW[layer]
    parts = len(files(run_id, *below)) if below else source.get("parts", 1)
    tables = []
    for table, by_parts in own.items():
        places = by_parts.get(parts, by_parts[1])
        for place in places:
            if layer == "bronze" or len(places) == 1:
                said = source.get("body", "new ") if source.get("in", layer) == layer else "new "
                body = said + run_id + " " + event["origin"]["state_machine"]
                if not put_new(place, body):
                    raise LakehouseError(place + " is there already")
        tables.append(dict(table=table, parts=len(places), staged_key=places[0], rows_read=1, rows=1, quarantined=0,
                           superseded=0, quarantine_key=None, source_keys=[], inputs=[], bytes=1))
    largest = max((by_parts.get(parts, by_parts[1]) for by_parts in own.values()), key=len)
    return dict(run_id=run_id, layer=layer, tables=tables, **in_parts(largest))
"""
_AUDIT: Final = """
def handler(event, context):
    run_id, layer, of = event["run_id"], event["layer"], event["of"]
    if "part_key" in event:
        return of_a_part("audit", event)
    called(event, layer + "/audit/of/" + str(event["version"]))
    if of == "published":
        looked_at = [key for table in FILES[layer] for key in files(run_id, layer, table, event["version"])]
    else:
        looked_at = [key for table in event["tables"] for key in keys(table["staged_key"].rpartition("/")[0] + "/")]
    assert looked_at
    bodies = [get(key) for key in looked_at]
    if any(body.startswith("torn") for body in bodies):
        raise InputError("the object is torn")
    passed = not any(body.startswith("bad") for body in bodies)
    report_key = "governance/quality/" + ("published/" if of == "published" else "") + layer + "/" + run_id + ".json"
    put(report_key, json.dumps(dict(passed=passed, files=looked_at)))
    return dict(run_id=run_id, layer=layer, passed=passed, report_key=report_key,
                cause="" if passed else {rule!r},
                tables=[dict(table=table, verdict="pass", rows=1, quarantined=0, errors=0, warnings=0)
                        for table in FILES[layer]])
"""
_GOVERN: Final = """
def handler(event, context):
    called(event, "govern")
    said = fault("governance")
    return dict(run_id=event["run_id"], passed=not said, cause=said or "", report_key="x", report_etag="e", assets=10,
                problems=0, personal=0, anomalies=0, warnings=[], lineage={})
"""
_PUBLISH: Final = """
def handler(event, context):
    run_id, do, layer, base = event["run_id"], event["do"], event.get("layer"), version()
    called(event, "publish/" + do)
    if do == "open":
        same = bool(event["source"].get("same")) and not event["force"]
        below = BELOW[layer] if layer else None
        parts = in_parts(files(run_id, *below)) if below else dict(parts=1, parts_prefix="")
        return dict(run_id=run_id, base=base["number"], nothing_to_do=same, why="the same" if same else "", **parts)
    if do == "look":
        of = (layer, list(FILES[layer])[0]) if layer != "gold" else BELOW[layer]
        return dict(run_id=run_id, version=event["version"] or base["number"],
                    **in_parts(files(run_id, *of, event["version"] or base["number"])))
    if do == "discover":
        crawlers = (fault("crawl") or "").split()
        said = fault("discover")
        if said:
            raise LakehouseError(said)
        return dict(run_id=run_id, version=base["number"], new=bool(crawlers), crawlers=crawlers,
                    why="new" if crawlers else "as crawled")
    if do == "crawled":
        return dict(run_id=run_id, discovered=len(event["crawlers"]), differences=["pedidos: " + event["crawlers"][0]])
    if do == "discard":
        put("lake/discarded/" + run_id + ".json", "")
        return dict(run_id=run_id, discarded=True)
    if do == "register":
        said = fault("register")
        if said:
            raise LakehouseError(said)
        return published(run_id, base, [])
    said = fault("commit")
    if said:
        raise LakehouseError(said)
    wanted = [layer] if layer else LAYERS
    if do == "commit":
        if keys("lake/discarded/" + run_id):
            raise LakehouseError("run " + run_id + " was discarded")
        if not all(passed(run_id, each) for each in wanted):
            raise LakehouseError("run " + run_id + " has no passed audit")
        written = [(each, table) for each in wanted for table in FILES[each]]
        made = dict((table, keys(each + "/" + table + "/run=" + run_id + "/")) for each, table in written)
    else:
        if event["base"] and event["base"] != base["number"]:
            raise LakehouseError("version " + str(base["number"]) + " came between")
        made = version(event["version"] or base["number"] - 1)["tables"]
    new = dict(number=base["number"] + 1, run=run_id, tables=base["tables"] | made)
    assert put_new("lake/versions/%010d.json" % new["number"], json.dumps(new))
    behind = fault("catalogue")
    return published(run_id, new, [behind] if behind else [])
def published(run_id, version, lagging):
    return dict(run_id=run_id, version=version["number"], runs={}, rows={}, lagging=lagging, problem="")
"""


def files_of(table: str) -> dict[int, list[str]]:
    """Return the keys of a table by the number of its parts, of the run ``RUN``; one that is not cut has one part."""
    numbers = PARTS if table in (*PARTED, FACT) else PARTS[:1]
    return {parts: [layout.run_key(table, _RUN, part, parts) for part in range(parts)] for parts in numbers}


def create(lambdas: Any, name: str, source: str, seconds: int = 60) -> str:
    """Make a Lambda of the text of its module, which has so many seconds; return its ARN."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", source)
    answer: dict[str, str] = lambdas.create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=seconds,
    )
    return answer["FunctionArn"]


def create_all(lambdas: Any) -> dict[str, str]:
    """Make every stand-in: ``write``, ``audit``, ``govern`` and ``publish``; return their ARNs by these names."""
    common = _COMMON.format(
        files={layer: {table: files_of(table) for table in tables} for layer, tables in TABLES.items()},
        below={
            layout.BRONZE: None,
            layout.SILVER: (layout.BRONZE, PARTED[0]),
            layout.GOLD: (layout.SILVER, FACT),
            layout.FORECAST: (layout.GOLD, TABLES[layout.GOLD][0]),
        },
        layers=list(layout.LAYERS),
    )
    sources = {"write": _WRITE, "audit": _AUDIT.replace("{rule!r}", repr(RULE)), "govern": _GOVERN, "publish": _PUBLISH}
    return {name: create(lambdas, name, common + source) for name, source in sources.items()}
