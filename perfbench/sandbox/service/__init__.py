"""The sandbox runner over HTTP: `python -m perfbench.sandbox.service`.

    GET    /health
    GET    /sandboxes                       POST /sandboxes
    GET    /sandboxes/{id}                  DELETE /sandboxes/{id}
    POST   /sandboxes/{id}/exec             {"argv": […], "stdin"?: text, "timeout"?: seconds}
    GET    /sandboxes/{id}/files/{path}     PUT and DELETE too; the content is the body
    GET    /sessions                        POST /sessions {"state"?: {…}}
    GET    /sessions/{id}                   PUT {"state"?: {…}, "history"?: [{…}]}, DELETE
    POST   /workflows                       {"steps": [{"do": …}, …], "sandbox"?: id}

It listens on loopback alone unless a token is given, takes argument vectors and never a line for a shell, and
bounds what a client can make it hold (limits.py). What its sandboxes are goes with it, however it ends.
"""
