"""A stand-in for vLLM 0.32.0: its API, its metrics and its queue, with pseudo-text in place of a model.

Every number on its metrics page is counted from requests that came over its socket. It says who it is: `owned_by` and
`system_fingerprint` name the stand-in, and its version ends in `+ragpulse.standin`. Only the `server: uvicorn` header
is the same as that of a real vLLM, because both run on uvicorn.
"""

VERSION = "0.32.0+ragpulse.standin"
OWNER = "ragpulse demo stand-in"
FINGERPRINT = "ragpulse-standin-0.32.0"
