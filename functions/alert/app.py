"""The Alert Lambda: EventBridge calls it when an execution ended that somebody started, and it tells people why."""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import BotoCoreError, ClientError

from alert.ended import SUCCEEDED, Ended
from alert.facts import facts_of
from alert.message import Message, message_of
from lakehouse.clients import client_of
from lakehouse.errors import LakehouseError
from lakehouse.lake import layout
from lakehouse.lake.s3 import Lake
from lakehouse.orchestration.stepfunctions import STARTED_BY
from lakehouse.runtime import Settings, instrumented, logger, stage_in_use


@instrumented
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Send a message about an execution that ended, once; event: ``Step Functions Execution Status Change``.

    Returns
    -------
    dict
        ``sent``, the subject of the message, or empty and ``why`` there is none.

    Raises
    ------
    LakehouseError
        There is no topic to publish to.
    ClientError, BotoCoreError
        The message could not be published: Lambda calls again.
    """
    del context
    ended = Ended.of_event(event, stage_in_use())
    if ended is None:
        return _nothing("the event is of no execution that ended")
    logger.append_keys(run_id=ended.run, execution_id=ended.arn)
    if ended.given.get(STARTED_BY):
        return _nothing("the execution is part of another one, which fails with it")
    if ended.status == SUCCEEDED and not (ended.warned or ended.suspected or ended.anomalies):
        return _nothing("the execution succeeded, and neither an audit nor governance warned")
    lake, topic = Lake(Settings.from_environment().bucket), _topic()
    key = layout.alert_key(ended.at, ended.machine, ended.name)
    # EventBridge delivers at least once; where the lake cannot be read, twice is better than never.
    if _is_kept(lake, key):
        return _nothing("the message was sent before")
    message = message_of(ended, facts_of(ended, lake, client_of("stepfunctions")))
    client_of("sns").publish(TopicArn=topic, Subject=message.subject, Message=message.text)
    logger.info("sent", extra={"kind": message.kind, "kept": _keep(lake, key, message)})
    return {"sent": message.subject, "kind": message.kind, "why": ""}


def _topic() -> str:
    topic = os.environ.get("ALERT_TOPIC", "")
    if not topic:
        raise LakehouseError(
            "the environment variable ALERT_TOPIC is not set; template.yaml sets it to the topic's ARN"
        )
    return topic


def _nothing(why: str) -> dict[str, Any]:
    logger.info("nothing to send", extra={"why": why})
    return {"sent": "", "kind": "", "why": why}


def _is_kept(lake: Lake, key: str) -> bool:
    try:
        return lake.size(key) is not None
    except (ClientError, BotoCoreError) as error:
        logger.warning("not read", extra={"what": key, "error": type(error).__name__})
        return False


def _keep(lake: Lake, key: str, message: Message) -> bool:
    """Keep a message that was sent in the lake, for `./importau alerts`; return whether that worked."""
    try:
        return lake.put_new(lake.json_of(message.as_json()), key, "application/json")
    except (ClientError, BotoCoreError, LakehouseError) as error:
        logger.warning("not kept", extra={"what": key, "error": type(error).__name__})
        return False
