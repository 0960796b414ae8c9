"""A Hugging Face Hub of our own, with as much of its API as reading one file of a data set takes."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import numpy as np
from brought import picture

REVISION = "refs/convert/parquet"


@contextmanager
def hub(sets: dict[str, dict[str, bytes]]) -> Iterator[tuple[str, list[str]]]:
    """The address of a Hub that has `{owner/name: {path: contents}}`, and the `Authorization` that each request came with."""
    tokens: list[str] = []

    class Answering(BaseHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            tokens.append(self.headers.get("authorization", ""))
            kind, _, rest = unquote(urlsplit(self.path).path).removeprefix("/").removeprefix("api/").partition("/")
            name = "/".join(rest.split("/")[:2])
            what, _, path = rest.removeprefix(f"{name}/").partition("/")
            if kind != "datasets" or name not in sets:
                self.tell(404, b"", {"X-Error-Code": "RepoNotFound"})
            elif not sets[name]:
                self.tell(404, b"", {"X-Error-Code": "RevisionNotFound"})
            elif what == "resolve":
                self.part(sets[name][path.removeprefix(f"{REVISION}/")])
            elif what == "tree":
                files = [{"type": "file", "path": path, "size": len(data), "oid": "0" * 40} for path, data in sets[name].items()]
                self.tell(200, json.dumps(files).encode(), {"Content-Type": "application/json"})
            else:
                found = {"id": name, "sha": "0" * 40, "siblings": [{"rfilename": path} for path in sets[name]]}
                self.tell(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

        def part(self, data: bytes) -> None:
            first, _, last = self.headers.get("range", "bytes=0-").removeprefix("bytes=").partition("-")
            self.tell(206, data[int(first) : int(last or len(data)) + 1], {"Content-Type": "application/octet-stream"})

        def tell(self, code: int, data: bytes, headers: dict[str, str]) -> None:
            self.send_response(code)
            for key, value in (headers | {"Content-Length": str(len(data))}).items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(data if self.command == "GET" else b"")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", tokens
    finally:
        server.shutdown()
        server.server_close()


def parquet(
    images: list[np.ndarray | bytes | None], labels: list | None = None, names: list[str] | None = None, **other: list
) -> bytes:
    """A file as the Hub writes them: pictures as structs, with its notes on their types; ten rows a group."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    cells = [
        None if each is None else {"bytes": each if isinstance(each, bytes) else picture(each), "path": None} for each in images
    ]
    columns = other | {"image": pa.array(cells, pa.struct([("bytes", pa.binary()), ("path", pa.string())]))}
    notes: dict = {"image": {"_type": "Image"}}
    if labels is not None:
        columns["label"], notes["label"] = labels, {"_type": "ClassLabel", "names": names} if names else {"_type": "Value"}
    table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": notes}})})
    buffer = io.BytesIO()
    pq.write_table(table, buffer, row_group_size=10)
    return buffer.getvalue()
