"""MLflow's tracking server, for tests: prints its port, and ends with its standard input.

`mlflow server` adds what needs packages that the tracking server itself does without. Here it is served alone.
"""

import logging
import os
import sys
import threading

store = sys.argv[1]
os.environ["_MLFLOW_SERVER_FILE_STORE"] = store
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = f"{store}/artifacts"
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

from mlflow.server import app
from werkzeug.serving import WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body of an answer are two small writes, which otherwise wait for each other.
    disable_nagle_algorithm = True


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=QuietHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
