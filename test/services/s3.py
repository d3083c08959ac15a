"""A server of the S3 interface in memory, for tests: prints its port, and ends with its standard input.

moto looks whether an object is there and writes it in two steps, with threads in between, and iterates over
dictionaries that others change. S3 itself does each request at one moment: so does this, one after the other.
"""

import logging
import sys
import threading

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class QuietHandler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body of an answer are two small writes, which otherwise wait for each other.
    disable_nagle_algorithm = True


backend = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()


def application(environ, start_response):
    with one_at_a_time:
        return list(backend(environ, start_response))


logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
