"""What a topic sends, heard by a queue; and functions of a deployed lakehouse with something wrong put into them."""

import io
import json
import time
import urllib.request
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from deployment import Deployment


@dataclass(frozen=True)
class Mail:
    """A message as a subscriber gets it."""

    subject: str
    text: str
    at: float


@dataclass
class Mailbox:
    """A subscriber of a topic: all that it was ever sent, in order."""

    deployment: Deployment
    queue: str
    mails: list[Mail] = field(default_factory=list)

    @classmethod
    def of(cls, deployment: Deployment, topic: str) -> "Mailbox":
        sqs = deployment.client("sqs")
        queue = sqs.create_queue(QueueName="mailbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        deployment.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return cls(deployment, queue)

    def look(self) -> list[Mail]:
        """Fetch what has come, and return all that ever came."""
        sqs = self.deployment.client("sqs")
        while found := sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                sent = json.loads(message["Body"])
                self.mails.append(Mail(sent.get("Subject") or "", sent["Message"], time.time()))
                sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return self.mails

    def about(self, run: str, patience: float) -> Mail:
        """Wait for the message about a run."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            for mail in self.look():
                if run in mail.text:
                    return mail
            time.sleep(0.1)
        raise AssertionError(f"no message about {run} came within {patience} s")


@contextmanager
def changed(deployment: Deployment, function: str, files: Mapping[str, str], **configured: Any) -> Iterator[None]:
    """Change a deployed function for the length of a block.

    Parameters
    ----------
    deployment : Deployment
    function : str
        ``publish`` for ``importau-publish``.
    files : mapping of str to str
        What each file gets: a text that begins with ``+`` is put at its end, any other takes its place.
    **configured
        Settings of its configuration.
    """
    client, name = deployment.client("lambda"), f"importau-{function}"
    found = client.get_function(FunctionName=name)
    with urllib.request.urlopen(found["Code"]["Location"]) as answer:
        whole = answer.read()
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as before, zipfile.ZipFile(packed, "w") as after:
        for each in before.namelist():
            text = files.get(each)
            content = before.read(each)
            if text is not None:
                content = content + text[1:].encode() if text.startswith("+") else text.encode()
            after.writestr(each, content)
    was = {setting: found["Configuration"][setting] for setting in configured}
    client.update_function_code(FunctionName=name, ZipFile=packed.getvalue())
    if configured:
        client.update_function_configuration(FunctionName=name, **configured)
    try:
        yield
    finally:
        client.update_function_code(FunctionName=name, ZipFile=whole)
        if was:
            client.update_function_configuration(FunctionName=name, **was)
